import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
import { type Attempt, AttemptLimits } from './attempt-limits.ts';

const limits = DEFAULT_ACCOUNTS_LIMITS;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** How many of 1000 tries pass. */
async function passing(take: () => Promise<void>): Promise<number> {
  let passed = 0;
  for (let at = 0; at < 1000; at++) {
    passed += await take().then(
      () => 1,
      () => 0,
    );
  }
  return passed;
}

describe('by address', () => {
  test.each<[Attempt, number, number]>([
    ['login', 20, 60],
    ['reset', 3, 3600],
    ['sign-up', 5, 3600],
    ['guest', 30, 3600],
    ['other', 120, 60],
  ])('%s: %d pass in a window of %d s, and as many in the next', async (attempt, count, seconds) => {
    const attempts = new AttemptLimits(limits);
    const take = () => attempts.byAddress(attempt, '192.0.2.1');
    expect(await passing(take)).toBe(count);
    vi.advanceTimersByTime(seconds * 1000 - 1);
    expect(await passing(take)).toBe(0);
    vi.advanceTimersByTime(1001);
    expect(await passing(take)).toBe(count);
  });
});

describe('by account', () => {
  test.each<[Attempt, number]>([
    ['login', 5],
    ['reset', 3],
  ])('%s: %d pass', async (attempt, count) => {
    const attempts = new AttemptLimits(limits);
    expect(await passing(() => attempts.byAccount(attempt, 'anna'))).toBe(count);
  });

  test('who got in starts anew', async () => {
    const attempts = new AttemptLimits(limits);
    for (let at = 0; at < 4; at++) await attempts.byAccount('login', 'anna');
    await attempts.succeeded('login', 'anna');
    expect(await passing(() => attempts.byAccount('login', 'anna'))).toBe(5);
  });
});

test('a refusal says when to come back', async () => {
  const attempts = new AttemptLimits({ ...limits, loginPerAccountPerMinute: 1 });
  await attempts.byAccount('login', 'anna');
  vi.advanceTimersByTime(20_000);
  await expect(attempts.byAccount('login', 'anna')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    statusCode: 429,
    details: { retryAfterSeconds: 40 },
  });
});
