import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusalOf } from '../../http/testing/both-protocols.ts';
import { WhipHarness } from './testing/whip-harness.ts';

const KEY = 'live_key-of-one';
const OTHER_KEY = 'live_key-of-two';

let whip: WhipHarness;
let location: string;
let tag: string;
afterEach(() => whip.close());

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('Keys at every method over %s', (version) => {
  beforeEach(async () => {
    whip = await WhipHarness.start({ maxSessionsPerAddress: 100 });
    const answer = await whip.publish(version);
    location = String(answer.headers.location);
    tag = String(answer.headers.etag);
  });

  const methods = {
    'POST /whip': (key: string | null) => whip.publish(version, key),
    'POST /api/streams/one/whip': (key: string | null) => whip.publish(version, key, '/api/streams/one/whip'),
    'PATCH /whip/:session': (key: string | null) =>
      whip.trickle(version, location, { key, headers: { 'if-match': tag } }),
    'PATCH of no session': (key: string | null) =>
      whip.trickle(version, '/whip/00000000000000000000000000000000', { key, headers: { 'if-match': tag } }),
    'DELETE /whip/:session': (key: string | null) => whip.send(version, 'DELETE', location, { key }),
  };

  describe.each(Object.entries(methods))('%s', (_, send) => {
    test.each([
      ['no key', null, 'KEY_MISSING', 'Bearer'],
      ['an empty key', '', 'KEY_MISSING', 'Bearer'],
      ['a wrong key', 'live_wrong', 'KEY_REFUSED', 'Bearer error="invalid_token"'],
      ['a right key with more behind it', `${KEY} x`, 'KEY_REFUSED', 'Bearer error="invalid_token"'],
      ['a key longer than any', 'x'.repeat(3000), 'KEY_REFUSED', 'Bearer error="invalid_token"'],
    ])('%s: 401, asked for a bearer token, and nothing has changed', async (_name, key, code, challenge) => {
      const answer = await send(key);
      expect([answer.status, refusalOf(answer).code]).toEqual([401, code]);
      expect(answer.headers['www-authenticate']).toBe(challenge);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect([whip.gateway.ingests.length, whip.endpoint.size]).toEqual([1, 1]);
    });

    test('a revoked key: 401', async () => {
      whip.keys.revoke(KEY);
      expect((await send(KEY)).status).toBe(401);
      expect(whip.gateway.ingests.length).toBe(1);
    });

    test('neither key nor offer is logged', async () => {
      await send('live_wrong');
      await send(KEY);
      await send(OTHER_KEY);
      const text = whip.logged.join('\n');
      expect(text).not.toMatch(/live_|ice-pwd|a=|m=video/);
    });
  });

  test('a key in use: 409, and the publisher stays', async () => {
    const answer = await whip.publish(version);
    expect([answer.status, refusalOf(answer).code]).toEqual([409, 'STREAM_BUSY']);
    expect(answer.headers['retry-after']).toBe('2');
    expect(whip.gateway.ingests.map(({ closed }) => closed)).toEqual([false, true]);
    expect(whip.endpoint.size).toBe(1);
  });

  test('the key of another stream: 403 where the path names a stream or a session of it', async () => {
    const answers = [
      await whip.publish(version, OTHER_KEY, '/api/streams/one/whip'),
      await whip.trickle(version, location, { key: OTHER_KEY, headers: { 'if-match': tag } }),
      await whip.send(version, 'DELETE', location, { key: OTHER_KEY }),
    ];
    for (const answer of answers) {
      expect([answer.status, refusalOf(answer).code]).toEqual([403, 'KEY_OF_OTHER_STREAM']);
    }
    expect([whip.gateway.ingests.length, whip.endpoint.size]).toEqual([1, 1]);
  });

  test('a session that does not exist, or no longer: 404', async () => {
    expect((await whip.send(version, 'DELETE', '/whip/none', { key: KEY })).status).toBe(404);
    expect((await whip.send(version, 'DELETE', location, { key: KEY })).status).toBe(200);
    expect((await whip.send(version, 'DELETE', location, { key: KEY })).status).toBe(404);
    expect((await whip.trickle(version, location, { key: KEY })).status).toBe(404);
  });

  test('a key refused is not read for its body, however long', async () => {
    const answer = await whip.send(version, 'POST', '/whip', {
      key: 'live_wrong',
      headers: { 'content-type': 'application/sdp' },
      body: Buffer.alloc(500_000),
    });
    expect(answer.status).toBe(401);
  });
});

describe('Wrong keys', () => {
  test('so many in a minute and the address must pause, also with a right key; others need not', async () => {
    whip = await WhipHarness.start({}, { maxKeyFailuresPerMinute: 3, keyFailurePauseMs: 60_000 });
    for (let tries = 0; tries < 3; tries++) {
      expect((await whip.publish('HTTP/1.1', 'live_wrong')).status).toBe(401);
    }
    const paused = await whip.publish('HTTP/1.1');
    expect([paused.status, refusalOf(paused).code]).toEqual([429, 'TOO_MANY_KEYS']);
    expect(paused.headers['retry-after']).toBe('60');
    expect((await whip.send('HTTP/2', 'DELETE', '/whip/none', { key: KEY })).status).toBe(429);
    expect(whip.keys.asked).toBe(3);
    const elsewhere = { 'x-test-address': '192.0.2.7' };
    expect((await whip.publish('HTTP/1.1', KEY, '/whip', elsewhere)).status).toBe(201);
  });

  test('no key at all is no guess', async () => {
    whip = await WhipHarness.start({}, { maxKeyFailuresPerMinute: 3, keyFailurePauseMs: 60_000 });
    for (let tries = 0; tries < 5; tries++) expect((await whip.publish('HTTP/1.1', null)).status).toBe(401);
    expect((await whip.publish('HTTP/1.1')).status).toBe(201);
  });

  test('many at once are not examined at once', async () => {
    whip = await WhipHarness.start();
    let open = (): void => {};
    whip.keys.gate = new Promise((resolve) => {
      open = resolve;
    });
    const waiting = Array.from({ length: 60 }, () => whip.publish('HTTP/2', 'live_wrong'));
    await Promise.any(waiting);
    expect(whip.keys.asked).toBe(20);
    open();
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBe(20);
    expect(statuses.filter((status) => status === 429).length).toBe(40);
  });
});
