import { expect, test } from 'vitest';
import { reconnectDelayMs } from './reconnect-delay.ts';

test('the first attempt comes at once, later ones every five seconds', () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => reconnectDelayMs(attempt));
  expect(delays).toEqual([0, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
});

test('a Retry-After makes the wait longer, never shorter, and not endless', () => {
  expect(reconnectDelayMs(0, 1_000)).toBe(1_000);
  expect(reconnectDelayMs(5, 1_000)).toBe(5_000);
  expect(reconnectDelayMs(0, 86_400_000)).toBe(10_000);
});
