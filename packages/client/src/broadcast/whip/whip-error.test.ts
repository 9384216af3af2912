import { describe, expect, test } from 'vitest';
import { WhipError, whipErrorOf } from './whip-error.ts';

describe('whipErrorOf', () => {
  test.each([
    [400, 'not-accepted', false],
    [401, 'wrong-key', false],
    [403, 'wrong-key', false],
    [404, 'not-accepted', false],
    [409, 'key-in-use', true],
    [413, 'not-accepted', false],
    [415, 'not-accepted', false],
    [422, 'not-accepted', false],
    [429, 'too-many', true],
    [500, 'server-busy', true],
    [503, 'server-busy', true],
  ] as const)('%i is %s', (status, kind, retry) => {
    expect(whipErrorOf(status, null, '')).toMatchObject({ kind, retry, retryAfterMs: 0 });
  });

  test('Retry-After in seconds is heeded, a date is not', () => {
    expect(whipErrorOf(503, '2', '').retryAfterMs).toBe(2_000);
    expect(whipErrorOf(503, 'Fri, 31 Dec 1999 23:59:59 GMT', '').retryAfterMs).toBe(0);
  });

  test('what the server says is kept as detail', () => {
    expect(whipErrorOf(422, null, '{"error":{"code":"X","message":"no H.264 in the offer"}}').detail).toBe(
      'HTTP 422: no H.264 in the offer',
    );
    expect(whipErrorOf(400, null, 'bad SDP in line 7\n').detail).toBe('HTTP 400: bad SDP in line 7');
    expect(whipErrorOf(500, null, '[1]').detail).toBe('HTTP 500');
    expect(whipErrorOf(500, null, 'x'.repeat(9_000)).detail?.length).toBeLessThan(400);
  });
});

test('every failure has a sentence', () => {
  expect(new WhipError('unreachable').message).toBe('The server does not answer.');
});
