import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { livePlaylist } from '../live-playlist.fixture.ts';
import type { MediaPlaylist } from '../media-playlist.ts';
import { parseMediaPlaylist } from '../parse-media-playlist.ts';
import { writeMediaPlaylist } from '../write-media-playlist.ts';
import { makeDelta, mergeDelta } from './delta-update.ts';

describe('makeDelta (rfc8216bis §6.2.5.1)', () => {
  test('skips what is further than CAN-SKIP-UNTIL from the end of the last full segment', () => {
    // 12 segments of 2 s, skip boundary 18 s: nine segments stay.
    const full = livePlaylist({ segments: 12, openParts: 9 });
    const delta = makeDelta(full);
    expect(delta.skippedSegments).toBe(3);
    expect(delta.segments).toHaveLength(9);
    expect(delta.mediaSequence).toBe(full.mediaSequence);
    expect(delta.discontinuitySequence).toBe(full.discontinuitySequence);
    expect(delta.open).toBe(full.open);
  });

  test('is the full playlist when nothing is old enough', () => {
    const full = livePlaylist({ segments: 9, openParts: 9 });
    expect(makeDelta(full)).toBe(full);
  });

  test('is the full playlist without CAN-SKIP-UNTIL, and after EXT-X-ENDLIST', () => {
    const full = livePlaylist({ segments: 30 });
    const withoutSkip = { ...full, serverControl: { canBlockReload: true } };
    expect(makeDelta(withoutSkip)).toBe(withoutSkip);
    const ended = { ...full, endList: true };
    expect(makeDelta(ended)).toBe(ended);
  });
});

describe('mergeDelta', () => {
  test('an older playlist and a delta make the full playlist of the delta’s instant (rule 42)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 60 }),
        fc.nat(9),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 30 }),
        (segments, openParts, appended, removed) => {
          const old = livePlaylist({ segments, openParts });
          const gone = Math.min(removed, appended);
          const full = livePlaylist({
            segments: segments + appended - gone,
            openParts,
            mediaSequence: 100 + gone,
          });
          const delta = makeDelta(full);
          const skipped = delta.skippedSegments ?? 0;
          // A base that ends before the skip boundary is too old, and is refused.
          fc.pre(gone + skipped <= segments);
          const sent = parseMediaPlaylist(writeMediaPlaylist(delta));
          expect(mergeDelta(old, sent)).toEqual(full);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a full playlist stays as it is', () => {
    const full = livePlaylist({ segments: 12 });
    expect(mergeDelta(livePlaylist({ segments: 2 }), full)).toBe(full);
  });

  test.each([
    ['too old', livePlaylist({ segments: 4 }), 'but the base lists 4 from 100'],
    ['newer', livePlaylist({ segments: 20, mediaSequence: 101 }), 'but the base lists 20 from 101'],
    ['a delta itself', makeDelta(livePlaylist({ segments: 20 })), 'but the base lists 9 from 100'],
  ])('scenario 15: a base that is %s is refused', (_name, base, message) => {
    expect(() => mergeDelta(base, makeDelta(livePlaylist({ segments: 30 })))).toThrow(message);
  });

  test('date ranges that were skipped come from the base, without the removed ones', () => {
    const range = (id: string) => ({ id, attributes: `ID="${id}"` });
    const old: MediaPlaylist = {
      ...livePlaylist({ segments: 30 }),
      dateRanges: [range('a'), range('b'), range('c')],
    };
    const full = livePlaylist({ segments: 31 });
    const delta = {
      ...makeDelta(full),
      recentlyRemovedDateRanges: ['a'],
      dateRanges: [range('c'), range('d')],
    };
    expect(mergeDelta(old, delta).dateRanges?.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
    // Without the attribute the update lists them all itself.
    const { recentlyRemovedDateRanges: _, ...plain } = delta;
    expect(mergeDelta(old, plain).dateRanges?.map(({ id }) => id)).toEqual(['c', 'd']);
  });
});
