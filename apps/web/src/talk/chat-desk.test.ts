import { expect, test } from 'vitest';
import { barWords } from './chat-desk.ts';

test('a ban is for good, or says like a time-out how long it still lasts', () => {
  expect(barWords({ kind: 'ban', untilMs: undefined }, 0)).toBe('banned');
  expect(barWords({ kind: 'ban', untilMs: 7_200_000 }, 0)).toBe('banned, 2 h 0 min left');
  expect(barWords({ kind: 'timeout', untilMs: 42_000 }, 0)).toBe('timed out, 42 s left');
});
