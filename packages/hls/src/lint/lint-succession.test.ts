import { describe, expect, test } from 'vitest';
import { livePlaylist } from '../live-playlist.fixture.ts';
import type { MediaPlaylist, MediaSegment } from '../media-playlist.ts';
import { type ReadMediaPlaylist, readMediaPlaylist } from '../parse-media-playlist.ts';
import { makeDelta } from '../rules/delta-update.ts';
import { writeMediaPlaylist } from '../write-media-playlist.ts';
import { lintDelta, lintPresentation, lintSuccession } from './lint-playlist.ts';

const before = livePlaylist({ segments: 12, openParts: 3 });
const after = livePlaylist({ segments: 12, openParts: 4, mediaSequence: 101 });

function read(playlist: MediaPlaylist): ReadMediaPlaylist {
  return readMediaPlaylist(writeMediaPlaylist(playlist));
}

/** Changes one segment of a playlist. */
function withSegment(playlist: MediaPlaylist, index: number, change: Partial<MediaSegment>): MediaPlaylist {
  return {
    ...playlist,
    segments: playlist.segments.map((it, at) => (at === index ? { ...it, ...change } : it)),
  };
}

function words(findings: readonly { level: string; rule: number }[]): string[] {
  return findings.map(({ level, rule }) => `${level} ${rule}`);
}

describe('lintSuccession', () => {
  test('finds nothing when a playlist goes on as it should', () => {
    for (const [openParts, next] of [
      [3, livePlaylist({ segments: 12, openParts: 4 })],
      [9, livePlaylist({ segments: 13 })],
      [0, livePlaylist({ segments: 12, openParts: 1 })],
      [3, livePlaylist({ segments: 13, openParts: 2, mediaSequence: 102 })],
      [3, { ...livePlaylist({ segments: 13 }), endList: true }],
    ] as const) {
      expect(lintSuccession(read(livePlaylist({ segments: 12, openParts })), read(next))).toEqual([]);
    }
  });

  test('a discontinuity that left is counted', () => {
    const marked = withSegment(before, 0, { discontinuity: true });
    expect(words(lintSuccession(read(marked), read(after)))).toEqual(['MUST 8']);
    expect(lintSuccession(read(marked), read({ ...after, discontinuitySequence: 6 }))).toEqual([]);
  });

  const control = { ...after.serverControl, canBlockReload: true };
  test.each([
    ['MUST 3', 'the target changed', before, { ...after, targetDurationSec: 4 }],
    ['MUST 4', 'an EXTINF changed', before, withSegment(after, 2, { durationSec: 2.1 })],
    ['MUST 5', 'the sequence fell', before, livePlaylist({ segments: 14, mediaSequence: 99 })],
    ['MUST 5', 'a segment was taken back', before, livePlaylist({ segments: 11, openParts: 1 })],
    ['MUST 6', 'another URI', before, withSegment(after, 2, { uri: 'other.m4s' })],
    ['MUST 6', 'a discontinuity came late', before, withSegment(after, 2, { discontinuity: true })],
    ['MUST 6', 'a segment became a gap', before, withSegment(after, 2, { gap: true })],
    ['MUST 6', 'a byte range', before, withSegment(after, 2, { byteRange: { length: 1, offset: 0 } })],
    ['MUST 8', 'the discontinuity sequence jumped', before, { ...after, discontinuitySequence: 7 }],
    ['MUST 9', 'another map', before, withSegment(after, 2, { map: { uri: 'other.mp4' } })],
    ['SHOULD 10', 'another date', before, withSegment(after, 2, { programDateTimeMs: 0 })],
    ['MUST 14', 'another part target', before, { ...after, partTargetSec: 0.22 }],
    ['MUST 22', 'a part of an open segment vanished', before, livePlaylist({ segments: 12, openParts: 2 })],
    ['MUST 24', 'another control', before, { ...after, serverControl: { ...control, holdBackSec: 10 } }],
    [
      'SHOULD 35',
      'a hint that was not kept',
      { ...before, preloadHints: [{ type: 'PART', uri: 'x' }] },
      after,
    ],
    [
      'MUST 43',
      'too little left',
      before,
      { ...livePlaylist({ segments: 4, openParts: 4, mediaSequence: 109 }) },
    ],
    [
      'SHOULD 43',
      'five segments left',
      before,
      livePlaylist({ segments: 5, openParts: 4, mediaSequence: 108 }),
    ],
    ['MUST 45', 'a type that came', before, { ...after, playlistType: 'EVENT' }],
    [
      'MUST 45',
      'an event lost a segment',
      { ...before, playlistType: 'EVENT' },
      { ...after, playlistType: 'EVENT' },
    ],
    ['MUST 46', 'the end was taken back', { ...livePlaylist({ segments: 12 }), endList: true }, after],
    [
      'MUST 46',
      'a segment after the end',
      { ...livePlaylist({ segments: 12 }), endList: true },
      { ...livePlaylist({ segments: 13 }), endList: true },
    ],
    [
      'MUST 48',
      'a date range moved',
      { ...before, dateRanges: [{ id: 'a', attributes: 'ID="a",START-DATE="2026-11-22T08:00:00Z"' }] },
      { ...after, dateRanges: [{ id: 'a', attributes: 'ID="a",START-DATE="2026-11-22T08:00:01Z"' }] },
    ],
  ] satisfies readonly (readonly [string, string, MediaPlaylist, MediaPlaylist])[])(
    '%s: %s',
    (expected, _name, was, is) => {
      expect(words(lintSuccession(read(was), read(is)))).toContain(expected);
    },
  );
});

describe('lintDelta', () => {
  const base = read(livePlaylist({ segments: 29, openParts: 3 }));
  const full = livePlaylist({ segments: 30, openParts: 3 });

  test('finds nothing when the merged delta is the full playlist', () => {
    expect(lintDelta(base, read(makeDelta(full)), read(full))).toEqual([]);
  });

  test.each([
    ['another count', { ...makeDelta(full), skippedSegments: 20 }],
    ['another segment', withSegment(makeDelta(full), 0, { uri: 'x' })],
    ['another sequence', { ...makeDelta(full), discontinuitySequence: 9 }],
    ['more than the base has', { ...makeDelta(full), skippedSegments: 40 }],
  ])('MUST 42: %s', (_name, delta) => {
    expect(words(lintDelta(base, read(delta), read(full)))).toContain('MUST 42');
  });
});

describe('lintPresentation', () => {
  const VIDEO = 'https://example.com/hls/s/720p/index.m3u8';
  const AUDIO = 'https://example.com/hls/s/audio/index.m3u8?token=1';
  const video = livePlaylist({ segments: 12, openParts: 3 });
  const audio: MediaPlaylist = {
    ...video,
    renditionReports: [{ uri: '../720p/index.m3u8', lastMsn: 112, lastPart: 2 }],
  };

  function lint(a: MediaPlaylist, b: MediaPlaylist): string[] {
    const media = [
      { url: VIDEO, read: read(a) },
      { url: AUDIO, read: read(b) },
    ];
    return words(lintPresentation({ media, spreadSec: 0.05 }));
  }

  test('finds nothing in renditions that agree', () => {
    expect(lint(video, audio)).toEqual([]);
    expect(lint({ ...video, endList: true }, { ...audio, endList: true })).toEqual([]);
    expect(lintPresentation({ media: [], spreadSec: 0 })).toEqual([]);
  });

  const date = { id: 'a', attributes: 'ID="a",START-DATE="2026-11-22T08:00:00Z"' };
  test.each([
    ['MUST 3', 'another target', { ...audio, targetDurationSec: 4 }],
    ['MUST 8', 'another discontinuity number', { ...audio, discontinuitySequence: 6 }],
    ['MUST 11', 'no INDEPENDENT-SEGMENTS', { ...audio, independentSegments: false }],
    [
      'MUST 24',
      'another control',
      { ...audio, serverControl: { canBlockReload: true, partHoldBackSec: 0.7 } },
    ],
    ['MUST 25', 'a hold-back below twice the largest part target', { ...audio, partTargetSec: 0.4 }],
    ['MUST 38', 'no report', { ...audio, renditionReports: [] }],
    [
      'MUST 38',
      'an old report',
      { ...audio, renditionReports: [{ uri: '../720p/index.m3u8', lastMsn: 108, lastPart: 2 }] },
    ],
    [
      'MUST 39',
      'one segment behind',
      { ...livePlaylist({ segments: 11, openParts: 3 }), renditionReports: audio.renditionReports },
    ],
    ['MUST 45', 'another type', { ...audio, playlistType: 'EVENT' as const }],
    ['MUST 46', 'one has ended', { ...audio, endList: true }],
  ])('%s: %s', (expected, _name, other) => {
    expect(lint(video, other)).toContain(expected);
  });

  test('MUST 48: another set of date ranges', () => {
    const other = { ...date, attributes: date.attributes.replace('"a"', '"b"') };
    expect(lint({ ...video, dateRanges: [date] }, { ...audio, dateRanges: [other] })).toContain('MUST 48');
    // A playlist without any need not have them.
    expect(lint({ ...video, dateRanges: [date] }, audio)).toEqual([]);
  });
});
