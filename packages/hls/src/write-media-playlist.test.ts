import { Parser } from 'm3u8-parser';
import { describe, expect, test } from 'vitest';
import { livePlaylist } from './live-playlist.fixture.ts';
import type { MediaPlaylist } from './media-playlist.ts';
import { makeDelta } from './rules/delta-update.ts';
import { writeMediaPlaylist } from './write-media-playlist.ts';

const restarted: MediaPlaylist = {
  targetDurationSec: 3,
  partTargetSec: 0.216,
  serverControl: { canBlockReload: true, canSkipUntilSec: 18, holdBackSec: 9, partHoldBackSec: 0.216 * 3 },
  mediaSequence: 1_700_000_000,
  discontinuitySequence: 1_700_000_000,
  independentSegments: true,
  segments: [
    {
      uri: 'gap.m4s',
      durationSec: 3,
      gap: true,
      discontinuity: false,
      map: { uri: '7.init-0.mp4' },
      parts: [],
    },
    {
      uri: '7.1700000001.m4s',
      durationSec: 0.4,
      gap: false,
      discontinuity: false,
      map: { uri: '7.init-0.mp4' },
      programDateTimeMs: Date.UTC(2026, 10, 22, 8, 0, 0, 250),
      parts: [
        { uri: '7.1700000001.0.m4s', durationSec: 6 / 30, independent: true, gap: false },
        { uri: '7.1700000001.1.m4s', durationSec: 0.19999999, independent: false, gap: false },
      ],
    },
  ],
  open: {
    discontinuity: true,
    map: { uri: '8.init-1.mp4' },
    programDateTimeMs: Date.UTC(2026, 10, 22, 8, 0, 5, 0),
    parts: [{ uri: '8.1700000002.0.m4s', durationSec: 0.2, independent: true, gap: false }],
  },
  preloadHints: [{ type: 'PART', uri: '8.1700000002.1.m4s' }],
  renditionReports: [{ uri: '../audio/index.m3u8', lastMsn: 1_700_000_002, lastPart: 0 }],
  endList: false,
};

describe('writeMediaPlaylist', () => {
  test('prints discontinuity, map and date before the first part of a segment', () => {
    expect(writeMediaPlaylist(restarted)).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:3
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=18,HOLD-BACK=9,PART-HOLD-BACK=0.648
#EXT-X-PART-INF:PART-TARGET=0.216
#EXT-X-MEDIA-SEQUENCE:1700000000
#EXT-X-DISCONTINUITY-SEQUENCE:1700000000
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="7.init-0.mp4"
#EXT-X-GAP
#EXTINF:3,
gap.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:00.250Z
#EXT-X-PART:DURATION=0.2,URI="7.1700000001.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.2,URI="7.1700000001.1.m4s"
#EXTINF:0.4,
7.1700000001.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="8.init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:05.000Z
#EXT-X-PART:DURATION=0.2,URI="8.1700000002.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="8.1700000002.1.m4s"
#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=1700000002,LAST-PART=0
`);
  });

  test('repeats the map after a discontinuity even when it stays the same', () => {
    const [gap, segment] = restarted.segments;
    if (gap === undefined || segment === undefined) throw new Error('the fixture has two segments');
    const text = writeMediaPlaylist({ ...restarted, segments: [gap, { ...segment, discontinuity: true }] });
    expect(text.match(/^#EXT-X-MAP:URI="7/gm)).toHaveLength(2);
  });

  test('a delta update is version 9, with both sequence tags before the skip and the map after it', () => {
    const delta = makeDelta(livePlaylist({ segments: 12, openParts: 2 }));
    const lines = writeMediaPlaylist(delta).split('\n');
    expect(lines.slice(0, 13)).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-TARGETDURATION:3',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=18,HOLD-BACK=9,PART-HOLD-BACK=0.648',
      '#EXT-X-PART-INF:PART-TARGET=0.216',
      '#EXT-X-MEDIA-SEQUENCE:100',
      '#EXT-X-DISCONTINUITY-SEQUENCE:5',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-SKIP:SKIPPED-SEGMENTS=3',
      '#EXT-X-MAP:URI="7.init-0.mp4"',
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:03:26.000Z',
      '#EXTINF:2,',
      '7.103.m4s',
    ]);
  });

  test('an ended playlist has neither hint nor report', () => {
    const text = writeMediaPlaylist({ ...livePlaylist({ segments: 3 }), endList: true });
    expect(text).not.toMatch(/PRELOAD-HINT|RENDITION-REPORT/);
    expect(text.endsWith('7.102.m4s\n#EXT-X-ENDLIST\n')).toBe(true);
  });

  test('the version is as low as allowed', () => {
    const segment = { uri: '1.ts', durationSec: 4, gap: false, discontinuity: false, parts: [] };
    const plain: MediaPlaylist = {
      targetDurationSec: 4,
      mediaSequence: 0,
      discontinuitySequence: 0,
      independentSegments: false,
      segments: [segment],
      preloadHints: [],
      renditionReports: [],
      endList: false,
    };
    expect(writeMediaPlaylist(plain)).toContain('#EXT-X-VERSION:3\n');
    const ranged = { ...plain, segments: [{ ...segment, byteRange: { length: 10, offset: 0 } }] };
    expect(writeMediaPlaylist(ranged)).toContain('#EXT-X-VERSION:4\n');
    const skipping = { ...plain, skippedSegments: 2, recentlyRemovedDateRanges: [] };
    expect(writeMediaPlaylist(skipping)).toContain('#EXT-X-VERSION:10\n');
  });

  test('a part at the target is never printed above it', () => {
    for (const target of [0.216, 0.36, 1.08 * 0.2, 1.08 * 0.333, 8 / 30, 1 / 3]) {
      const text = writeMediaPlaylist({
        ...restarted,
        partTargetSec: target,
        segments: [],
        open: {
          discontinuity: false,
          parts: [{ uri: 'a', durationSec: target, independent: true, gap: false }],
        },
      });
      const printed = /PART-TARGET=([\d.]+)[\s\S]*DURATION=([\d.]+)/.exec(text);
      expect(Number(printed?.[2])).toBeLessThanOrEqual(Number(printed?.[1]));
    }
  });

  test('a segment object is rendered once, and again when its map has to be repeated', () => {
    const full = livePlaylist({ segments: 4 });
    const later = { ...full, mediaSequence: 101, segments: full.segments.slice(1) };
    expect(writeMediaPlaylist(full).match(/#EXT-X-MAP/g)).toHaveLength(1);
    expect(writeMediaPlaylist(later).match(/#EXT-X-MAP/g)).toHaveLength(1);
    expect(writeMediaPlaylist(full).match(/#EXT-X-MAP/g)).toHaveLength(1);
  });

  test('the m3u8-parser package reads the same playlist', () => {
    const parser = new Parser();
    parser.push(writeMediaPlaylist(restarted));
    parser.end();
    const { manifest } = parser;
    expect(manifest.version).toBe(6);
    expect(manifest.mediaSequence).toBe(1_700_000_000);
    expect(manifest.partTargetDuration).toBe(0.216);
    expect(manifest.serverControl).toMatchObject({ canBlockReload: true, partHoldBack: 0.648 });
    expect(manifest.segments?.map((segment) => segment.uri)).toEqual(['gap.m4s', '7.1700000001.m4s']);
    expect(manifest.segments?.[1]?.parts).toHaveLength(2);
    expect(manifest.segments?.[1]?.map?.uri).toBe('7.init-0.mp4');
    expect(manifest.preloadSegment?.discontinuity).toBe(true);
    expect(manifest.preloadSegment?.map?.uri).toBe('8.init-1.mp4');
  });
});
