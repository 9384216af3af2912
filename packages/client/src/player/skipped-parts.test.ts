import { expect, test } from 'vitest';
import { giveUpSkippedParts } from './skipped-parts.ts';

test('only unloaded parts before the one that was joined at, in its segment, are given up', () => {
  const part = (
    sn: number,
    index: number,
    loaded = false,
  ): Parameters<typeof giveUpSkippedParts>[0][number] => ({
    index,
    loaded,
    gap: false,
    fragment: { sn },
  });
  const parts = [part(7, 0), part(8, 0), part(8, 1, true), part(8, 2), part(8, 3), part(9, 0)];
  giveUpSkippedParts(parts, { msn: 8, index: 2 });
  expect(parts.map((each) => each.gap)).toEqual([false, true, false, false, false, false]);
});
