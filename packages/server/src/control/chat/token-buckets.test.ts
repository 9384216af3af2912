import { expect, test } from 'vitest';
import { HandClock } from './testing/chat-stage.ts';
import { TokenBuckets } from './token-buckets.ts';

test('so many at once, then so many a second, for each key by itself', () => {
  const clock = new HandClock();
  const buckets = new TokenBuckets({ perSec: 2, burst: 3, clock });
  const take = (key = 'ann') => buckets.take(key);
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 500]);
  expect(take('bob')).toBe(0);
  clock.pass(499);
  expect(take()).toBe(1);
  clock.pass(1);
  expect([take(), take()]).toEqual([0, 500]);
  clock.pass(60_000);
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 500]);
});

test('keys whose buckets are full again are forgotten, the others are not', () => {
  const clock = new HandClock();
  const buckets = new TokenBuckets({ perSec: 1, burst: 1, clock });
  for (let n = 0; n < 10_000; n += 1) buckets.take(`old ${n}`);
  clock.pass(500);
  buckets.take('one more');
  expect(buckets.take('old 9999')).toBe(500);
  clock.pass(10_000);
  buckets.take('another');
  expect(buckets.take('old 1')).toBe(0);
});
