import { expect, test } from 'vitest';
import { RestartDelay } from './restart-delay.ts';

test('each restart in a row waits longer, up to 5 s, and for ever', () => {
  const delay = new RestartDelay();
  const delays = Array.from({ length: 7 }, () => delay.afterLifeOf(1000));
  expect(delays).toEqual([250, 500, 1000, 2000, 5000, 5000, 5000]);
});

test('a child that lived for 30 s starts a new row', () => {
  const delay = new RestartDelay();
  for (let i = 0; i < 4; i++) delay.afterLifeOf(0);
  expect(delay.afterLifeOf(30_000)).toBe(250);
});
