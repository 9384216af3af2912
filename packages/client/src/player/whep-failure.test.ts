import { describe, expect, test } from 'vitest';
import { whepRefusal } from './whep-failure.ts';

describe('whepRefusal', () => {
  test.each([
    [503, '{"error":{"code":"WHEP_FULL","message":"no place left"}}', 'full'],
    [503, 'Service Unavailable', 'busy'],
    [422, '{"error":{"code":"WHEP_UNAVAILABLE","message":"B-frames"}}', 'unavailable'],
    [406, '', 'refused'],
    [404, 'not found', 'not-live'],
    [401, '', 'forbidden'],
    [403, '', 'forbidden'],
    [429, '', 'busy'],
    [500, '', 'busy'],
    [400, '{"error":{"code":"BAD_OFFER"}}', 'refused'],
    [422, '{"error":null}', 'refused'],
    [200, 'v=0', 'refused'],
  ] as const)('%i %s means %s', (status, body, code) => {
    expect(whepRefusal(status, body, null).code).toBe(code);
  });

  test('keeps the words of the server for the details, but not without bounds', () => {
    expect(whepRefusal(422, '{"error":{"code":"X","message":"B-frames"}}', null).detail).toBe(
      'HTTP 422 X B-frames',
    );
    const long = JSON.stringify({ error: { message: 'a'.repeat(10_000) } });
    expect(whepRefusal(500, long, null).detail).toHaveLength(200);
  });

  test('reads Retry-After in seconds, and nothing else in it', () => {
    expect(whepRefusal(503, '', '5').retryAfterSec).toBe(5);
    expect(whepRefusal(503, '', 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterSec).toBeUndefined();
    expect(whepRefusal(503, '', '-1').retryAfterSec).toBeUndefined();
    expect(whepRefusal(503, '', null).retryAfterSec).toBeUndefined();
  });
});
