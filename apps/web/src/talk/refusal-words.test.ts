import { RealtimeRequestError } from '@tallylight/client/realtime/realtime-error.ts';
import { expect, test } from 'vitest';
import { refusalWords } from './refusal-words.ts';

const refused = (code: string, retryAfterSeconds?: number): RealtimeRequestError =>
  new RealtimeRequestError({
    code,
    message: 'in the words of the server',
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
  });

test.each([
  [refused('SLOW_MODE', 12), 'Slow mode: you can send in 12 s.'],
  [refused('SLOW_MODE'), 'Slow mode is on. Wait a moment.'],
  [refused('VIEWER_TIMED_OUT', 600), 'You can chat again in 10 min.'],
  [refused('VIEWER_BANNED'), 'You are banned from this chat. You can still watch.'],
  [refused('MESSAGE_REJECTED'), 'in the words of the server'],
  ['no error', 'Not sent. Try again.'],
])('%s is told as "%s"', (error, words) => {
  expect(refusalWords(error)).toBe(words);
});
