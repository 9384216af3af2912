import { expect, test } from 'vitest';
import { levelOf } from './level-meter.ts';

test('a full-scale square wave is 0 dBFS, a sine 3 dB less, half of it 6 dB less', () => {
  expect(levelOf(new Float32Array([1, -1, 1, -1]))).toEqual({ rmsDbfs: 0, peakDbfs: 0 });
  const sine = Float32Array.from({ length: 480 }, (_, index) => Math.sin((index * Math.PI) / 24));
  expect(levelOf(sine).rmsDbfs).toBeCloseTo(-3.01, 2);
  expect(levelOf(sine.map((sample) => sample / 2)).peakDbfs).toBeCloseTo(-6.02, 2);
});

test('silence is minus infinity', () => {
  expect(levelOf(new Float32Array(8)).peakDbfs).toBe(Number.NEGATIVE_INFINITY);
  expect(levelOf(new Float32Array(0)).rmsDbfs).toBe(Number.NEGATIVE_INFINITY);
});
