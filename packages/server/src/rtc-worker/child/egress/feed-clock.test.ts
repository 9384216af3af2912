import { describe, expect, test } from 'vitest';
import { FeedClock } from './feed-clock.ts';

function open(): { clock: FeedClock; time: { ms: number } } {
  const time = { ms: 0 };
  const clock = new FeedClock({ now: () => 1_700_000_000_000 + time.ms, monotonicMs: () => time.ms });
  return { clock, time };
}

describe('FeedClock', () => {
  test('goes by the earliest unit, so that jitter and a late rendition do not move it', () => {
    const { clock, time } = open();
    for (let ms = 0; ms < 5000; ms += 20) {
      time.ms = ms + 30;
      clock.observe(ms + 10_000);
      time.ms = ms + 39;
      clock.observe(ms + 10_000 - 300);
    }
    time.ms = 5000;
    expect(clock.streamMs()).toBeGreaterThan(14_969);
    expect(clock.streamMs()).toBeLessThan(14_972);
    expect(clock.wallMs()).toBe(1_700_000_005_000);
  });

  test('goes on while nothing comes', () => {
    const { clock, time } = open();
    expect(clock.streamMs()).toBe(undefined);
    clock.observe(10_000);
    time.ms = 8000;
    expect(clock.streamMs()).toBe(18_000);
  });

  test('follows a stream that leaps ahead at once, and one that stays behind after three seconds', () => {
    const { clock, time } = open();
    clock.observe(10_000);
    time.ms = 100;
    clock.observe(20_000);
    expect(clock.streamMs()).toBe(20_000);
    for (; time.ms <= 3000; time.ms += 100) clock.observe(15_000 + time.ms);
    expect(clock.streamMs()).toBeGreaterThan(22_000);
    for (; time.ms <= 3500; time.ms += 100) clock.observe(15_000 + time.ms);
    expect(Math.abs((clock.streamMs() ?? 0) - 18_600)).toBeLessThan(110);
  });
});
