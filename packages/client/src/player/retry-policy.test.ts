import { describe, expect, test } from 'vitest';
import { mayRetryInPlace, probeDelayMs } from './retry-policy.ts';

const answered = (code: number): { url: string; code: number } => ({ url: '', code });

describe('mayRetryInPlace', () => {
  test('a 5xx is repeated for ever: at a live edge it means "not yet"', () => {
    expect(mayRetryInPlace(undefined, 1_000, false, answered(503))).toBe(true);
  });

  test('no answer is repeated twice', () => {
    expect([0, 1, 2].map((count) => mayRetryInPlace(undefined, count, false, undefined))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('a 4xx is not repeated', () => {
    expect(mayRetryInPlace(undefined, 0, false, answered(404))).toBe(false);
  });
});

describe('probeDelayMs', () => {
  test('grows to 3 s and stays there', () => {
    expect([0, 1, 5, 500].map((attempt) => probeDelayMs(attempt))).toEqual([250, 500, 3_000, 3_000]);
  });
});
