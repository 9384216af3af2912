import { describe, expect, test } from 'vitest';
import { livePlaylist } from '../live-playlist.fixture.ts';
import { edgeOf, lastCompleteMsn } from './playlist-edge.ts';
import { renditionReport } from './rendition-report.ts';

const partCount = (msn: number) => (msn === 100 ? 10 : undefined);

describe('edgeOf', () => {
  test('is the open segment’s last part, or the last complete segment', () => {
    expect(edgeOf(livePlaylist({ segments: 3, openParts: 2 }))).toEqual({
      msn: 103,
      part: 1,
      complete: false,
    });
    expect(edgeOf(livePlaylist({ segments: 3 }))).toEqual({ msn: 102, part: 9, complete: true });
    expect(edgeOf(livePlaylist({ segments: 0 }))).toEqual({ msn: 100, part: -1, complete: false });
  });

  test('counts skipped segments', () => {
    const full = livePlaylist({ segments: 30 });
    expect(edgeOf({ ...full, skippedSegments: 7, segments: full.segments.slice(7) })).toEqual(edgeOf(full));
  });

  test('a segment is complete when the next one is open', () => {
    expect(lastCompleteMsn({ msn: 103, part: 0, complete: false })).toBe(102);
    expect(lastCompleteMsn({ msn: 103, part: 9, complete: true })).toBe(103);
  });
});

describe('renditionReport (rfc8216bis §4.4.5.4)', () => {
  test.each([
    [
      { msn: 101, part: 3, complete: false },
      { lastMsn: 101, lastPart: 3 },
    ],
    [
      { msn: 100, part: 9, complete: true },
      { lastMsn: 100, lastPart: 9 },
    ],
    // The open segment has no part yet: the last listed part is in the segment before.
    [
      { msn: 101, part: -1, complete: false },
      { lastMsn: 100, lastPart: 9 },
    ],
    [{ msn: 99, part: -1, complete: true }, { lastMsn: 99 }],
  ])('%o: %o', (edge, expected) => {
    expect(renditionReport('../a/index.m3u8', edge, partCount)).toEqual({
      uri: '../a/index.m3u8',
      ...expected,
    });
  });

  test('there is none while nothing is listed', () => {
    expect(renditionReport('a', { msn: 1, part: -1, complete: false }, () => undefined)).toBeUndefined();
  });
});
