import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeOrder } from './decode-order.ts';

/** Decode order of a GOP whose references are `step` pictures apart, with B-frames between them, at 40 ms. */
function withBFrames(step: number, groups: number): number[] {
  const order = [0];
  for (let group = 1; group <= groups; group++) {
    order.push(group * step * 40);
    for (let b = 1; b < step; b++) order.push(((group - 1) * step + b) * 40);
  }
  return order;
}

describe('decode times of pictures that carry presentation times', () => {
  test('are the same without B-frames', () => {
    const order = new DecodeOrder();
    for (const ptsMs of [100, 133, 167, 200, 1000])
      expect(order.next(ptsMs, ptsMs === 100)).toEqual({ ptsMs, dtsMs: ptsMs });
    expect(order.depth).toBe(0);
  });

  test('are the presentation times in rising order, one picture later, with B-frames', () => {
    const order = new DecodeOrder();
    order.expectDepth(1);
    const times = withBFrames(3, 2).map((ptsMs) => order.next(ptsMs, ptsMs === 0));
    expect(times).toEqual([
      { ptsMs: 0, dtsMs: -33 },
      { ptsMs: 120, dtsMs: 0 },
      { ptsMs: 40, dtsMs: 40 },
      { ptsMs: 80, dtsMs: 80 },
      { ptsMs: 240, dtsMs: 120 },
      { ptsMs: 160, dtsMs: 160 },
      { ptsMs: 200, dtsMs: 200 },
    ]);
  });

  test('are right again soon when the B-frames are found out late', () => {
    const order = new DecodeOrder();
    const input = withBFrames(3, 20);
    const times = input.map((ptsMs, index) => {
      if (index === 2) order.expectDepth(1);
      return order.next(ptsMs, index === 0);
    });
    const wrong = times.filter(({ ptsMs }, index) => ptsMs !== input[index]);
    expect(wrong.length).toBeLessThanOrEqual(2);
    expect(order.depth).toBe(1);
  });

  test('are those of presentation, which rise, when a time falls back without B-frames', () => {
    const order = new DecodeOrder();
    const times = [0, 33, 67, 66, 97, 97, 130].map((ptsMs, index) => order.next(ptsMs, index === 3));
    expect(times.map(({ ptsMs }) => ptsMs)).toEqual([0, 33, 67, 68, 97, 98, 130]);
    expect(times.every(({ ptsMs, dtsMs }) => ptsMs === dtsMs)).toBe(true);
    expect(order.depth).toBe(0);
  });

  test('stay as deep when a keyframe of B-frames falls back', () => {
    const order = new DecodeOrder();
    order.expectDepth(1);
    for (const ptsMs of withBFrames(3, 4)) order.next(ptsMs, ptsMs === 0);
    const times = withBFrames(3, 4).map((ptsMs) => order.next(477 + ptsMs, ptsMs === 0));
    expect(times[0]?.ptsMs).toBe(481);
    expect(order.depth).toBe(1);
    expect(times.slice(1).map(({ ptsMs }) => ptsMs - 477)).toEqual(withBFrames(3, 4).slice(1));
  });

  test('never fall and never lie after the PTS, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: -500, max: 5000 }), fc.constant(-1)), { maxLength: 60 }),
        fc.integer({ min: 0, max: 20 }),
        (inputs, depth) => {
          const order = new DecodeOrder();
          order.expectDepth(depth);
          let lastMs = Number.NEGATIVE_INFINITY;
          for (const input of inputs) {
            const { ptsMs, dtsMs } = order.next(input, input % 7 === 0);
            expect(dtsMs).toBeLessThanOrEqual(ptsMs);
            expect(dtsMs).toBeGreaterThanOrEqual(lastMs);
            lastMs = dtsMs;
          }
          expect(order.depth).toBeLessThanOrEqual(16);
        },
      ),
      { seed: 3, numRuns: 2000 },
    );
  });
});
