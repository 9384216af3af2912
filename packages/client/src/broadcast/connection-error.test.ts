import { expect, test } from 'vitest';
import { connectionError } from './connection-error.ts';
import { WhipError } from './whip/whip-error.ts';

test('says whether it is still being tried', () => {
  const lost = new WhipError('unreachable', 'TypeError: Failed to fetch');
  expect(connectionError(lost, 'retrying')).toMatchObject({
    code: 'CONNECTION_FAILED',
    message: 'The server does not answer. Trying again.',
    recoverable: true,
    detail: 'TypeError: Failed to fetch',
  });
  expect(connectionError(lost, 'not-started').message).toBe('The server does not answer.');
  expect(connectionError(lost, 'given-up').message).toMatch(/so it ended\.$/);
});

test('a wrong key is not tried again', () => {
  expect(connectionError(new WhipError('wrong-key'), 'given-up')).toMatchObject({
    message: 'This stream key is wrong or old. Copy it again.',
    recoverable: false,
  });
});
