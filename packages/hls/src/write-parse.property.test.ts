import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MediaPlaylist, MediaSegment, PartialSegment, SegmentHead } from './media-playlist.ts';
import type { MultivariantPlaylist } from './multivariant-playlist.ts';
import { parseMediaPlaylist } from './parse-media-playlist.ts';
import { parseMultivariantPlaylist } from './parse-multivariant-playlist.ts';
import { writeMediaPlaylist } from './write-media-playlist.ts';
import { writeMultivariantPlaylist } from './write-multivariant-playlist.ts';

/** Durations and rates on the grid that the writer prints. */
const seconds = fc.integer({ min: 1, max: 2_000_000 }).map((steps) => steps / 1e5);
const integer = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const uri = fc.stringMatching(/^[a-zA-Z0-9./_?=%-]{1,30}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !/["\p{Cc}]/u.test(value));
const dateMs = fc.integer({ min: 0, max: 4e12 });
const byteRange = fc.record({ length: integer, offset: integer }, { requiredKeys: ['length'] });
const map = fc.record({ uri, byteRange }, { requiredKeys: ['uri'] });

const part: fc.Arbitrary<PartialSegment> = fc.record(
  { uri, durationSec: seconds, independent: fc.boolean(), gap: fc.boolean(), byteRange },
  { requiredKeys: ['uri', 'durationSec', 'independent', 'gap'] },
);

const headFields = {
  discontinuity: fc.boolean(),
  programDateTimeMs: dateMs,
  parts: fc.array(part, { maxLength: 4 }),
};
const head: fc.Arbitrary<SegmentHead> = fc.record(headFields, { requiredKeys: ['discontinuity', 'parts'] });
const segment: fc.Arbitrary<MediaSegment> = fc.record(
  { ...headFields, uri, durationSec: seconds, gap: fc.boolean(), byteRange },
  { requiredKeys: ['discontinuity', 'parts', 'uri', 'durationSec', 'gap'] },
);

const serverControl = fc.record(
  {
    canBlockReload: fc.constant(true),
    canSkipUntilSec: seconds,
    canSkipDateRanges: fc.constant(true),
    holdBackSec: seconds,
    partHoldBackSec: seconds,
  },
  { requiredKeys: ['canBlockReload'] },
);

const fields = fc.record(
  {
    targetDurationSec: fc.integer({ min: 1, max: 60 }),
    partTargetSec: seconds,
    serverControl,
    mediaSequence: integer,
    discontinuitySequence: integer,
    independentSegments: fc.boolean(),
    playlistType: fc.constantFrom('EVENT', 'VOD'),
    skippedSegments: fc.nat({ max: 10_000 }),
    segments: fc.array(segment, { maxLength: 6 }),
    open: head.filter((it) => it.discontinuity || it.parts.length > 0 || it.programDateTimeMs !== undefined),
    preloadHints: fc.array(
      fc.record(
        { type: fc.constantFrom('PART', 'MAP'), uri, byteRangeStart: integer, byteRangeLength: integer },
        { requiredKeys: ['type', 'uri'] },
      ),
      { maxLength: 2 },
    ),
    renditionReports: fc.array(
      fc.record({ uri, lastMsn: integer, lastPart: integer }, { requiredKeys: ['uri', 'lastMsn'] }),
      { maxLength: 3 },
    ),
    endList: fc.constant(false),
  },
  {
    requiredKeys: [
      'targetDurationSec',
      'mediaSequence',
      'discontinuitySequence',
      'independentSegments',
      'segments',
      'preloadHints',
      'renditionReports',
      'endList',
    ],
  },
);

/** A map is in force from some segment on, and changes at some: as the format can say it. */
const playlist: fc.Arbitrary<MediaPlaylist> = fc
  .tuple(
    fields,
    fc.option(fc.array(map, { minLength: 7, maxLength: 7 })),
    fc.array(fc.nat(6), { minLength: 7, maxLength: 7 }),
  )
  .map(([made, maps, choice]) => {
    if (maps === null) return made;
    const mapAt = (index: number) => maps[choice[index] ?? 0] ?? { uri: 'init' };
    const segments = made.segments.map((it, index) => ({ ...it, map: mapAt(index) }));
    return {
      ...made,
      segments,
      ...(made.open === undefined ? {} : { open: { ...made.open, map: mapAt(6) } }),
    };
  });

const multivariant: fc.Arbitrary<MultivariantPlaylist> = fc.record({
  independentSegments: fc.boolean(),
  renditions: fc.array(
    fc
      .record(
        {
          type: fc.constantFrom('AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'),
          groupId: text,
          name: text,
          language: text,
          isDefault: fc.boolean(),
          autoselect: fc.boolean(),
          channels: text,
          uri,
        },
        { requiredKeys: ['type', 'groupId', 'name', 'isDefault', 'autoselect'] },
      )
      .filter((rendition) => rendition.autoselect || !rendition.isDefault),
    { maxLength: 4 },
  ),
  variants: fc.array(
    fc.record(
      {
        uri,
        bandwidthBps: integer,
        averageBandwidthBps: integer,
        codecs: fc.array(fc.stringMatching(/^[a-z0-9.]{1,12}$/), { maxLength: 3 }),
        resolution: fc.record({ width: fc.nat(9999), height: fc.nat(9999) }),
        frameRate: fc.nat(240_000).map((thousandths) => thousandths / 1000),
        audioGroup: text,
        stableId: text,
      },
      { requiredKeys: ['uri', 'bandwidthBps', 'codecs'] },
    ),
    { maxLength: 4 },
  ),
});

describe('write, then parse', () => {
  test('a media playlist comes back as it was', () => {
    fc.assert(
      fc.property(playlist, (written) => {
        expect(parseMediaPlaylist(writeMediaPlaylist(written))).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });

  test('a multivariant playlist comes back as it was', () => {
    fc.assert(
      fc.property(multivariant, (written) => {
        expect(parseMultivariantPlaylist(writeMultivariantPlaylist(written))).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });
});

describe('parse', () => {
  test('no text makes it throw anything but a PlaylistError', () => {
    const words = fc.constantFrom(
      '#EXTM3U\n',
      '#EXTINF:',
      '#EXT-X-PART:',
      '#EXT-X-MAP:',
      'URI="',
      '"',
      ',',
      '=',
      '\n',
      '1',
      'é',
    );
    const noise = fc.array(fc.oneof(words, fc.string({ maxLength: 5 })), { maxLength: 30 });
    fc.assert(
      fc.property(noise, (pieces) => {
        for (const parse of [parseMediaPlaylist, parseMultivariantPlaylist]) {
          try {
            parse(`#EXTM3U\n${pieces.join('')}`);
          } catch (error) {
            expect(error).toHaveProperty('name', 'PlaylistError');
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
