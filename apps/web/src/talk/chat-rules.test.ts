import { expect, test } from 'vitest';
import { rulesWords } from './chat-rules.ts';

test.each([
  [{ mode: 'open', slowModeSeconds: 0 }, ''],
  [{ mode: 'open', slowModeSeconds: 5 }, 'Slow mode: one message every 5 s.'],
  [{ mode: 'followers', slowModeSeconds: 0 }, 'Only followers can chat.'],
  [
    { mode: 'subscribers', slowModeSeconds: 9 },
    'Only subscribers can chat. Slow mode: one message every 9 s.',
  ],
  [{ mode: 'disabled', slowModeSeconds: 9 }, 'Chat is off.'],
] as const)('%j is told as "%s"', (rules, words) => {
  expect(rulesWords(rules)).toBe(words);
});
