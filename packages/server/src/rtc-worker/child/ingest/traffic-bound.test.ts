import { expect, test } from 'vitest';
import { TrafficBound } from './traffic-bound.ts';

test('a publisher may bring twice the highest bit rate for ever, and more for 5 s only', () => {
  const lasting = new TrafficBound(1_000_000);
  for (let ms = 0; ms < 60_000; ms += 4) expect(lasting.bears(1000, false, ms)).toBe(true);
  const flood = new TrafficBound(1_000_000);
  let ms = 0;
  while (flood.bears(1000, false, ms)) ms++;
  // 8 Mbit/s, of which 2 drain: 10 Mbit of burst are there for 1.7 s.
  expect(ms).toBeGreaterThan(1600);
  expect(ms).toBeLessThan(1700);
});

test('little of it may be RTCP', () => {
  const bound = new TrafficBound(20_000_000);
  for (let ms = 0; ms < 60_000; ms += 50) expect(bound.bears(1000, true, ms)).toBe(true);
  let count = 0;
  while (count < 1000 && bound.bears(1000, true, 60_000)) count++;
  expect(count).toBeLessThan(70);
});
