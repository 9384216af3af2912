import { describe, expect, test } from 'vitest';
import { bufferedMedia } from './buffered-media.ts';

function ranges(...list: readonly (readonly [number, number])[]): Parameters<typeof bufferedMedia>[0] {
  return {
    length: list.length,
    start: (index) => list[index]?.[0] ?? 0,
    end: (index) => list[index]?.[1] ?? 0,
  };
}

describe('bufferedMedia', () => {
  test('counts what follows the playhead', () => {
    expect(bufferedMedia(ranges([0, 5], [5.1, 7]), 4)).toEqual({ aheadSec: 3, endSec: 7 });
  });

  test('a hole that a browser does not cross ends it', () => {
    expect(bufferedMedia(ranges([0, 5], [6, 7]), 4)).toEqual({ aheadSec: 1, endSec: 5 });
  });

  test('outside the buffer there is nothing', () => {
    expect(bufferedMedia(ranges([0, 5]), 9)).toEqual({ aheadSec: 0, endSec: 9 });
  });
});
