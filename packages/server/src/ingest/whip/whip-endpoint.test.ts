import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusalOf } from '../../http/testing/both-protocols.ts';
import { RawConnection } from '../../http/testing/raw-client.ts';
import { until } from '../../origin/testing/fixture.ts';
import { RtcRefusedError } from '../../rtc-worker/rtc-gateway.ts';
import { FRAGMENT, OFFER, WhipHarness } from './testing/whip-harness.ts';

const KEY = 'live_key-of-one';
const SDP = { 'content-type': 'application/sdp' };

let whip: WhipHarness;
beforeEach(async () => {
  whip = await WhipHarness.start();
});
afterEach(() => whip.close());

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('WHIP over %s', (version) => {
  const post = (headers: Record<string, string>, body: string | Uint8Array) =>
    whip.send(version, 'POST', '/whip', { key: KEY, headers, body });

  test.each(['/whip', '/api/streams/one/whip'])(
    'POST %s: 201 with all that RFC 9725 §4.2 wants',
    async (path) => {
      const { status, headers, body } = await whip.publish(version, KEY, path);
      expect(status).toBe(201);
      expect(headers['content-type']).toBe('application/sdp');
      expect(headers.location).toMatch(/^\/whip\/[0-9a-f]{32}$/);
      expect(headers.etag).toBe('"ufrag1"');
      expect(headers['accept-patch']).toBe('application/trickle-ice-sdpfrag');
      expect(headers.link).toBe(
        '</watch/one>; rel="alternate", <stun:stun.test:3478>; rel="ice-server", <turn:turn.test>; rel="ice-server"; username="u"; credential="c"',
      );
      expect(body.toString()).toContain('a=ice-ufrag:ufrag1');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['access-control-allow-origin']).toBe('*');
      for (const name of ['Location', 'ETag', 'Link', 'Accept-Patch', 'Accept-Post', 'Retry-After']) {
        expect(headers['access-control-expose-headers']).toContain(name);
      }
      expect(whip.gateway.ingests[0]?.offer).toBe(OFFER);
      expect(whip.target.publications[0]?.expected).toEqual({ video: true, audio: true });
    },
  );

  test('an offer without sound tells the stream not to wait for any', async () => {
    const video = OFFER.slice(0, OFFER.indexOf('a=group')) + OFFER.slice(OFFER.indexOf('m=video'));
    expect((await post(SDP, video)).status).toBe(201);
    expect(whip.target.publications[0]?.expected).toEqual({ video: true, audio: false });
  });

  test.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['a broken line', `${OFFER}nonsense\r\n`],
    ['bytes', Buffer.from([0, 255, 1, 2])],
  ])('a body of %s: 400 in words', async (_, body) => {
    const answer = await post(SDP, body);
    expect([answer.status, refusalOf(answer).code]).toEqual([400, 'BAD_SDP']);
    expect(refusalOf(answer).message).not.toBe('');
    expect(whip.gateway.ingests).toEqual([]);
  });

  test('an offer that we can read and not take: 422 with the gateway’s words', async () => {
    whip.gateway.refusal = new RtcRefusedError('bad-offer', 'no codec of ours: av1');
    const answer = await whip.publish(version);
    expect(answer.status).toBe(422);
    expect(refusalOf(answer)).toEqual({ code: 'OFFER_REFUSED', message: 'no codec of ours: av1' });
    expect(whip.target.publications).toEqual([]);
  });

  test.each(['unavailable', 'too-many'] as const)(
    'no WebRTC now (%s): 503 with Retry-After',
    async (reason) => {
      whip.gateway.refusal = new RtcRefusedError(reason, 'not now');
      const answer = await whip.publish(version);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(whip.target.publications).toEqual([]);
    },
  );

  test('another type than SDP: 415 with Accept-Post; a parameter does no harm', async () => {
    for (const type of ['text/plain', 'application/json', 'application/sdpx']) {
      const answer = await post({ 'content-type': type }, OFFER);
      expect([answer.status, answer.headers['accept-post']]).toEqual([415, 'application/sdp']);
    }
    expect((await whip.send(version, 'POST', '/whip', { key: KEY, body: OFFER })).status).toBe(415);
    expect((await post({ 'content-type': 'Application/SDP; charset=utf-8' }, OFFER)).status).toBe(201);
  });

  test('an offer of 65,536 bytes is read, one byte more is 413', async () => {
    const line = (length: number): string => `a=x:${'y'.repeat(length - 6)}\r\n`;
    const filled = (length: number): string => OFFER + line(length - OFFER.length);
    expect((await post(SDP, filled(65_537))).status).toBe(413);
    expect((await post(SDP, filled(65_536))).status).toBe(201);
  });

  test('PATCH: candidates are taken with 204, and nothing comes of them', async () => {
    const { headers } = await whip.publish(version);
    const trickle = (condition: Record<string, string>, body = FRAGMENT) =>
      whip.trickle(version, String(headers.location), { key: KEY, headers: condition, body });
    expect((await trickle({ 'if-match': '"ufrag1"' })).status).toBe(204);
    expect((await trickle({ 'if-match': '"other", "ufrag1"' })).status).toBe(204);
    expect((await trickle({ 'if-match': '"ufrag1"' }, 'a=end-of-candidates\r\n')).status).toBe(204);
  });

  test.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['a candidate that is none', FRAGMENT.replace(/a=candidate:.*/, 'a=candidate:nope')],
  ])('PATCH: %s is 400 in words', async (_, body) => {
    const { headers } = await whip.publish(version);
    const answer = await whip.trickle(version, String(headers.location), {
      key: KEY,
      headers: { 'if-match': '"ufrag1"' },
      body,
    });
    expect([answer.status, refusalOf(answer).code]).toEqual([400, 'BAD_FRAGMENT']);
    expect(whip.gateway.ingests[0]?.closed).toBe(false);
  });

  test('PATCH: 428 without If-Match, 412 with another tag, 415 with another type', async () => {
    const { headers } = await whip.publish(version);
    const trickle = (sent: Record<string, string>) =>
      whip.trickle(version, String(headers.location), { key: KEY, headers: sent });
    expect((await trickle({})).status).toBe(428);
    expect((await trickle({ etag: '"ufrag1"' })).status).toBe(428);
    for (const tag of ['"ufrag2"', 'ufrag1', 'W/"ufrag1"', '']) {
      expect((await trickle({ 'if-match': tag })).status).toBe(412);
    }
    const refused = await trickle({ 'if-match': '"ufrag1"', 'content-type': 'application/sdp' });
    expect([refused.status, refused.headers['accept-patch']]).toEqual([
      415,
      'application/trickle-ice-sdpfrag',
    ]);
  });

  test('PATCH: an ICE restart is refused with 422, the session lives on', async () => {
    const { headers } = await whip.publish(version);
    const location = String(headers.location);
    const newFragment = FRAGMENT.replace('peer', 'newer');
    // RFC 9725 §4.3.3 writes the star in quotes in its example.
    for (const [tag, body] of [
      ['*', newFragment],
      ['"*"', newFragment],
      ['"ufrag1"', newFragment],
      ['"ufrag1"', FRAGMENT.replace('01234', '43210')],
    ] as const) {
      const answer = await whip.trickle(version, location, { key: KEY, headers: { 'if-match': tag }, body });
      expect([answer.status, refusalOf(answer).code]).toEqual([422, 'ICE_RESTART']);
    }
    expect(whip.gateway.ingests[0]?.closed).toBe(false);
  });

  test('DELETE: 200, the session is closed and the stream told', async () => {
    const { headers } = await whip.publish(version);
    const answer = await whip.send(version, 'DELETE', String(headers.location), { key: KEY });
    expect(answer.status).toBe(200);
    expect(whip.gateway.ingests[0]?.closed).toBe(true);
    expect(whip.target.publications[0]?.ended).toBe('unpublished');
  });

  test.each(['GET', 'HEAD', 'PUT'])('%s is 405 everywhere', async (method) => {
    for (const [path, allowed] of [
      ['/whip', 'POST, OPTIONS'],
      ['/api/streams/one/whip', 'POST, OPTIONS'],
      ['/whip/abc', 'PATCH, DELETE, OPTIONS'],
    ] as const) {
      const answer = await whip.send(version, method, path, { key: KEY });
      expect(answer.status).toBe(405);
      expect(new Set(String(answer.headers.allow).split(', '))).toEqual(new Set(allowed.split(', ')));
    }
  });

  test('OPTIONS needs no key: 200 with CORS, Accept-Post and the ICE servers', async () => {
    for (const path of ['/whip', '/api/streams/one/whip']) {
      const { status, headers, body } = await whip.send(version, 'OPTIONS', path);
      expect([status, body.length]).toEqual([200, 0]);
      expect(headers['accept-post']).toBe('application/sdp');
      expect(headers.link).toContain('<stun:stun.test:3478>; rel="ice-server"');
      expect(headers['access-control-allow-origin']).toBe('*');
      // The foreign client looks here, from a page of any origin, whether it may trickle.
      expect(String(headers['access-control-allow-methods']).split(', ')).toContain('PATCH');
      expect(headers['access-control-expose-headers']).toContain('Access-Control-Allow-Methods');
      for (const name of ['Authorization', 'Content-Type', 'If-Match', 'ETag']) {
        expect(headers['access-control-allow-headers']).toContain(name);
      }
    }
    // What a browser asks before a page's own request gets no TURN credentials.
    const preflight = await whip.send(version, 'OPTIONS', '/whip', {
      headers: { 'access-control-request-method': 'POST', origin: 'https://example.org' },
    });
    expect([preflight.status, preflight.headers.link]).toEqual([200, undefined]);
    expect(preflight.headers['access-control-allow-methods']).toContain('POST');
    const session = await whip.send(version, 'OPTIONS', '/whip/abc');
    expect([session.status, session.headers['accept-patch']]).toEqual([
      200,
      'application/trickle-ice-sdpfrag',
    ]);
  });
});

describe('Sessions', () => {
  test('of one address are bounded, also while they are opened; one that ends makes room', async () => {
    await whip.close();
    whip = await WhipHarness.start({ maxSessionsPerAddress: 2 });
    let open = (): void => {};
    whip.gateway.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = whip.publish('HTTP/1.1');
    const second = whip.publish('HTTP/1.1', 'live_key-of-two');
    await until(() => whip.keys.asked === 2, 'both asked');
    const third = await whip.publish('HTTP/1.1');
    expect([third.status, refusalOf(third).code]).toEqual([429, 'TOO_MANY_SESSIONS']);
    const elsewhere = whip.publish('HTTP/1.1', KEY, '/whip', { 'x-test-address': '192.0.2.7' });
    open();
    expect([(await first).status, (await second).status, (await elsewhere).status]).toEqual([201, 201, 409]);
    const ended = await whip.send('HTTP/1.1', 'DELETE', String((await first).headers.location), { key: KEY });
    expect(ended.status).toBe(200);
    expect((await whip.publish('HTTP/1.1')).status).toBe(201);
  });

  test('that were refused take no room', async () => {
    await whip.close();
    whip = await WhipHarness.start({ maxSessionsPerAddress: 1 });
    for (let tries = 0; tries < 3; tries++) {
      expect(
        (await whip.send('HTTP/1.1', 'POST', '/whip', { key: KEY, headers: SDP, body: 'x' })).status,
      ).toBe(400);
    }
    whip.gateway.refusal = new RtcRefusedError('bad-offer', 'no');
    expect((await whip.publish('HTTP/1.1')).status).toBe(422);
    whip.gateway.refusal = undefined;
    expect((await whip.publish('HTTP/1.1')).status).toBe(201);
  });

  test('a silent one gives way to a new publisher of its stream', async () => {
    await whip.publish('HTTP/1.1');
    const [old] = whip.gateway.ingests;
    if (old !== undefined) old.silentMs = 1000;
    const early = await whip.publish('HTTP/1.1');
    expect([early.status, early.headers['retry-after']]).toEqual([409, '1']);
    if (old !== undefined) old.silentMs = 1500;
    expect((await whip.publish('HTTP/1.1')).status).toBe(201);
    expect(old?.closed).toBe(true);
    expect(whip.target.publications.map(({ ended }) => ended)).toEqual(['taken-over', undefined]);
    expect(whip.endpoint.size).toBe(1);
  });

  test('a key that is revoked while its offer is being answered publishes nothing', async () => {
    let open = (): void => {};
    whip.gateway.gate = new Promise((resolve) => {
      open = resolve;
    });
    const answer = whip.publish('HTTP/1.1');
    await until(() => whip.keys.asked === 1, 'asked');
    whip.keys.revoke(KEY);
    open();
    const refused = await answer;
    expect([refused.status, refusalOf(refused).code]).toEqual([401, 'KEY_REFUSED']);
    expect([whip.gateway.ingests[0]?.closed, whip.target.publications, whip.endpoint.size]).toEqual([
      true,
      [],
      0,
    ]);
  });

  test('a key that is revoked while its offer is being sent publishes nothing', async () => {
    const head = `POST /whip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/sdp\r\n`;
    const connection = new RawConnection(whip.port, `${head}Content-Length: ${OFFER.length}\r\n\r\nv=0`);
    await until(() => whip.keys.asked === 1, 'asked');
    whip.keys.revoke(KEY);
    connection.socket.write(OFFER.slice(3));
    await until(() => whip.gateway.ingests[0]?.closed === true, 'closed');
    expect(whip.target.publications).toEqual([]);
    connection.socket.destroy();
  });

  test('a client that goes away before its answer leaves no publisher', async () => {
    let open = (): void => {};
    whip.gateway.gate = new Promise((resolve) => {
      open = resolve;
    });
    const head = `POST /whip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/sdp\r\n`;
    const connection = new RawConnection(whip.port, `${head}Content-Length: ${OFFER.length}\r\n\r\n${OFFER}`);
    await until(() => whip.keys.asked === 1, 'asked');
    connection.socket.destroy();
    await connection.closed;
    // The server hears of it in a later turn.
    expect((await whip.send('HTTP/1.1', 'OPTIONS', '/whip')).status).toBe(200);
    open();
    await until(() => whip.gateway.ingests[0]?.closed === true, 'closed');
    expect(whip.target.publications).toEqual([]);
  });

  test('close ends every session, and a POST afterwards is 503', async () => {
    await whip.publish('HTTP/1.1');
    whip.endpoint.close();
    expect(whip.gateway.ingests[0]?.closed).toBe(true);
    expect(whip.target.publications[0]?.ended).toBe('server-stopping');
    expect((await whip.publish('HTTP/1.1')).status).toBe(503);
    expect(whip.target.publications.length).toBe(1);
  });
});
