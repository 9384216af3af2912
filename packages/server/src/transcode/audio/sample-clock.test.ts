import { describe, expect, test } from 'vitest';
import { SampleClock } from './sample-clock.ts';

const FRAME_MS = 20;
const unit = (ptsMs: number) => ({ ptsMs, durationSec: FRAME_MS / 1000, fillerSec: FRAME_MS / 1000 });

describe('SampleClock', () => {
  test('stamps what comes out by counting what went in', () => {
    const clock = new SampleClock(10);
    for (let ms = 0; ms < 1000; ms += FRAME_MS) expect(clock.place(unit(5000 + ms))).toBe(0);
    expect(clock.toMs(-0.02)).toBeCloseTo(4980);
    expect(clock.toMs(0.5)).toBeCloseTo(5500);
  });

  test('fills a short hole with as much as is missing', () => {
    const clock = new SampleClock(10);
    clock.place(unit(0));
    expect(clock.place(unit(80))).toBe(3);
    expect(clock.toMs(0.08)).toBeCloseTo(80);
  });

  test('a hole that is no multiple of a frame leaves no error behind', () => {
    const clock = new SampleClock(10);
    clock.place(unit(0));
    expect(clock.place(unit(73))).toBe(2);
    expect(clock.toMs(0.06)).toBeCloseTo(73);
  });

  test('counts anew after a long hole, and where nothing can fill', () => {
    const clock = new SampleClock(10);
    clock.place(unit(0));
    expect(clock.place(unit(3000))).toBe(0);
    expect(clock.toMs(0.01)).toBeCloseTo(10);
    expect(clock.toMs(0.02)).toBeCloseTo(3000);
    expect(clock.place({ ...unit(3100), fillerSec: undefined })).toBe(0);
    expect(clock.toMs(0.04)).toBeCloseTo(3100);
  });

  test('leaves out what comes too late, and goes on in step', () => {
    const clock = new SampleClock(10);
    for (const ms of [0, 20, 40]) clock.place(unit(ms));
    expect(clock.place(unit(45))).toBeUndefined();
    expect(clock.place(unit(62))).toBe(0);
    expect(clock.toMs(0.06)).toBeCloseTo(62);
  });

  test('a clock that was set back far is followed', () => {
    const clock = new SampleClock(10);
    clock.place(unit(60_000));
    expect(clock.place(unit(1000))).toBe(0);
    expect(clock.toMs(0.02)).toBeCloseTo(1000);
  });

  test('stamps that are stretched are followed by filling, as evenly as may be', () => {
    const clock = new SampleClock(17);
    let filled = 0;
    for (let index = 0; index < 1000; index++) filled += clock.place(unit(index * 21)) ?? 0;
    // A second of 21 is missing.
    expect(filled).toBeGreaterThan(40);
    expect(filled).toBeLessThan(52);
    expect(Math.abs(clock.toMs((1000 + filled) * 0.02) - 21_000)).toBeLessThan(25);
  });

  test('single stamps that stray move nothing much, a drift is followed', () => {
    const clock = new SampleClock(100);
    clock.place(unit(0));
    clock.place(unit(27));
    expect(clock.toMs(0.02)).toBeCloseTo(20, 0);
    for (let index = 2; index < 1000; index++) clock.place(unit(index * 20.01));
    expect(clock.toMs(19.98)).toBeGreaterThan(19_980 + 8);
    expect(clock.toMs(19.98)).toBeLessThan(19_980 + 11);
  });
});
