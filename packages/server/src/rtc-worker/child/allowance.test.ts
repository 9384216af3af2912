import { expect, test } from 'vitest';
import { Allowance } from './allowance.ts';

test('an allowance gives a burst at once and then its rate', () => {
  const allowance = new Allowance({ perSecond: 1000, burst: 3000 });
  expect(allowance.spend(3000, 0)).toBe(true);
  expect(allowance.left(0)).toBe(0);
  expect(allowance.left(500)).toBe(500);
  expect(allowance.spend(500, 500)).toBe(true);
  expect(allowance.spend(1, 500)).toBe(false);
  expect(allowance.left(60_000)).toBe(3000);
});

test('who goes on beyond an allowance waits the longer', () => {
  const allowance = new Allowance({ perSecond: 1000 });
  expect(allowance.spend(5000, 0)).toBe(false);
  expect(allowance.left(4000)).toBe(0);
  expect(allowance.left(4500)).toBe(500);
});
