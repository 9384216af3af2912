import { ticks } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import { ReorderWatch } from './reorder-watch.ts';

const seen = (watch: ReorderWatch, times: readonly number[]): readonly boolean[] =>
  times.map((pts) => watch.observe({ pts: ticks(pts) }));

describe('ReorderWatch', () => {
  test('pictures in order, and two at one time, are not reordered', () => {
    expect(seen(new ReorderWatch(), [0, 33, 67, 67, 100])).toEqual([false, false, false, false, false]);
  });

  test('a picture that is shown before one decoded earlier is a B-frame, from then on', () => {
    // I P B P B in decode order.
    expect(seen(new ReorderWatch(), [66, 132, 99, 198, 165])).toEqual([false, false, true, true, true]);
  });

  test('a new source begins anew', () => {
    const watch = new ReorderWatch();
    seen(watch, [100, 50]);
    watch.reset();
    expect([watch.reordered, ...seen(watch, [0, 33])]).toEqual([false, false, false]);
  });
});
