import { describe, expect, test } from 'vitest';
import { OpusTimeline } from './opus-timeline.ts';

describe('OpusTimeline', () => {
  test('counts samples, whatever the milliseconds are rounded to', () => {
    const timeline = new OpusTimeline();
    const times = [1000, 1021, 1039, 1062, 1080].map((ms) => timeline.take(ms, 960));
    expect(times).toEqual([48_000, 48_960, 49_920, 50_880, 51_840]);
  });

  test('leaves a gap where packets were lost', () => {
    const timeline = new OpusTimeline();
    timeline.take(1000, 960);
    expect(timeline.take(1060, 960)).toBe(48_000 + 60 * 48);
  });

  test('never falls when the stream jumps back, and tells where it belongs', () => {
    const timeline = new OpusTimeline();
    timeline.take(1000, 960);
    const next = timeline.take(400, 960);
    expect(next).toBe(48_960);
    expect(timeline.at(400)).toBe(48_960);
  });

  test('its reports follow a source whose clock is not the stream’s', () => {
    const timeline = new OpusTimeline();
    // 200 ppm: each packet of 20 ms takes 20.004.
    let last = 0;
    for (let i = 0; i < 30_000; i++) last = timeline.take(Math.round(i * 20.004), 960);
    expect(last).toBe(29_999 * 960);
    expect(Math.abs(timeline.at(29_999 * 20.004) - last)).toBeLessThan(2 * 48);
  });
});
