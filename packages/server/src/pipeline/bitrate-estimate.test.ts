import { expect, test } from 'vitest';
import { unit } from '../packager/testing/source.ts';
import { BitrateEstimate } from './bitrate-estimate.ts';

/** Plays 25 fps with a keyframe every two seconds, and tells when it was worth telling. */
function play(estimate: BitrateEstimate, fromMs: number, untilMs: number, size: number): number[] {
  const told: number[] = [];
  for (let ms = fromMs; ms < untilMs; ms += 40)
    if (estimate.observe(unit('video', ms, { key: ms % 2000 === 0, size }))) told.push(ms);
  return told;
}

test('measures over whole GOPs and tells only of real changes', () => {
  const estimate = new BitrateEstimate();
  expect(play(estimate, 0, 4000, 10_000)).toEqual([]);
  expect(estimate.bps).toBeUndefined();
  expect(play(estimate, 4000, 12_000, 10_000)).toEqual([4000]);
  expect(estimate.bps).toBe(2_000_000);
  expect(play(estimate, 12_000, 20_000, 12_000)).toEqual([]);
  expect(play(estimate, 20_000, 30_000, 20_000)).toEqual([24_000]);
  expect(estimate.bps).toBe(4_000_000);
  estimate.reset();
  expect(estimate.bps).toBeUndefined();
});
