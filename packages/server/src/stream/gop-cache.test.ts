import { ticks } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import type { AccessUnit } from './access-unit.ts';
import { GopCache } from './gop-cache.ts';

describe('GopCache', () => {
  const unit = (pts: number, keyframe = false): AccessUnit => ({
    kind: 'video',
    pts: ticks(pts),
    dts: ticks(pts),
    keyframe,
    payload: new Uint8Array(10),
  });
  const pts = (units: readonly AccessUnit[]): number[] => units.map((each) => each.pts);

  test('holds the last two GOPs', () => {
    const cache = new GopCache({ gops: 2 });
    cache.push(unit(0));
    for (const start of [10, 20, 30]) for (const at of [0, 1, 2]) cache.push(unit(start + at, at === 0));
    expect(pts(cache.units())).toEqual([30, 31, 32]);
    expect(pts(cache.since(31))).toEqual([30, 31, 32]);
    expect(pts(cache.since(29))).toEqual([20, 21, 22, 30, 31, 32]);
    expect(pts(cache.since(5))).toEqual([20, 21, 22, 30, 31, 32]);
    cache.clear();
    expect(cache.since(5)).toEqual([]);
  });

  test('gives up what exceeds its bounds, and takes the next GOP again', () => {
    const cache = new GopCache({ gops: 2, maxBytes: 35 });
    for (const at of [0, 1, 2, 3, 4]) cache.push(unit(at, at === 0));
    expect(cache.units()).toEqual([]);
    cache.push(unit(5, true));
    expect(pts(cache.units())).toEqual([5]);
  });

  test('holds the last GOP alone unless more are wanted', () => {
    const cache = new GopCache();
    for (const start of [10, 20]) for (const at of [0, 1]) cache.push(unit(start + at, at === 0));
    expect(pts(cache.since(0))).toEqual([20, 21]);
    expect(pts(cache.units())).toEqual([20, 21]);
  });

  test('the older GOP goes first: n pictures are kept, n + 1 are not', () => {
    const cache = new GopCache({ gops: 2, maxUnits: 3 });
    for (const [at, keyframe] of [
      [1, true],
      [2, true],
      [3, false],
    ] as const)
      cache.push(unit(at, keyframe));
    expect(pts(cache.since(0))).toEqual([1, 2, 3]);
    cache.push(unit(4));
    expect(pts(cache.since(0))).toEqual([2, 3, 4]);
    cache.push(unit(5));
    expect(cache.since(0)).toEqual([]);
  });

  test('what was given out does not change with the next picture', () => {
    const cache = new GopCache();
    cache.push(unit(0, true));
    const units = cache.units();
    cache.push(unit(1));
    expect(pts(units)).toEqual([0]);
  });
});
