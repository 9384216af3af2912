import { expect, test } from 'vitest';
import { timeoutsOf } from './bars.ts';

const at = (second: number): string => `2026-11-22T10:00:${String(second).padStart(2, '0')}.000Z`;

test('of each person the newest word counts: a later time-out replaces, a lifting ends', () => {
  const begun = (targetUserId: string, second: number, durationSeconds: number) => ({
    action: 'timeout' as const,
    targetUserId,
    createdAt: at(second),
    metadata: { durationSeconds },
  });
  const lifted = { action: 'untimeout' as const, targetUserId: 'b', createdAt: at(9) };
  const bars = timeoutsOf([begun('a', 7, 60), begun('b', 5, 600), begun('a', 3, 3600), lifted]);
  expect(bars).toEqual([
    { kind: 'timeout', userId: 'a', name: undefined, untilMs: Date.parse(at(7)) + 60_000 },
  ]);
});
