import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { selfSignedIdentity } from '../../http/self-signed.ts';
import { BothProtocols, refusalOf, type Version } from '../../http/testing/both-protocols.ts';
import { type RawAnswer, RawConnection } from '../../http/testing/raw-client.ts';
import type { TlsIdentity } from '../../http/tls-identity.ts';
import { until } from '../../origin/testing/fixture.ts';
import type { ViewDecision, ViewRequest } from '../../packager/presentation.ts';
import { silentLogger } from '../../platform/logger.ts';
import { RtcRefusedError } from '../../rtc-worker/rtc-gateway.ts';
import { type FakeFeed, FakeGateway } from '../../rtc-worker/testing/fake-gateway.ts';
import { WhepEndpoint } from './whep-endpoint.ts';
import type { WhepLimits } from './whep-limits.ts';

/** A viewer's offer, without what no test looks at. */
const OFFER = [
  'v=0',
  'o=- 42 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:0',
  'a=recvonly',
  'a=ice-ufrag:peer',
  'a=ice-pwd:0123456789012345678901',
  'a=rtcp-mux',
  'a=rtpmap:96 H264/90000',
  '',
].join('\r\n');
const FRAGMENT = 'a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\n';

let identity: TlsIdentity;
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tallylight-whep-'));
  identity = await selfSignedIdentity(directory, Date.now());
  await rm(directory, { recursive: true });
});

let gateway: FakeGateway;
let feed: FakeFeed;
let endpoint: WhepEndpoint;
let web: BothProtocols;
/** How each feed that was opened was settled; undefined while its offer is being answered. */
let opened: (boolean | undefined)[];
let decide: (request: ViewRequest) => ViewDecision;

async function start(limits: Partial<WhepLimits> = {}): Promise<void> {
  gateway = new FakeGateway();
  const listener = { onKeyframeWanted: () => {}, onViewers: () => {} };
  feed = gateway.openFeed({ streamId: 'live', listener });
  opened = [];
  decide = () => 'public';
  const status = (streamId: string) =>
    streamId === 'live' ? 'live' : streamId === 'b-frames' ? 'unavailable' : 'not-live';
  endpoint = new WhepEndpoint({
    gateway,
    source: {
      status,
      open: (streamId) => {
        const found = status(streamId);
        if (found !== 'live') return found;
        const index = opened.push(undefined) - 1;
        return {
          feed,
          settle: (answered) => {
            opened[index] = answered;
          },
        };
      },
    },
    authorizer: { authorize: (request) => decide(request) },
    iceServers: {
      iceServers: () => [{ urls: ['stun:stun.test'] }],
      linkHeaders: () => ['<stun:stun.test>; rel="ice-server"'],
    },
    log: silentLogger,
    limits,
    clientAddress: (request) => String(request.headers['x-test-address'] ?? '127.0.0.1'),
  });
  web = await BothProtocols.start([endpoint], identity);
}

function watch(
  version: Version,
  path = '/whep/live',
  headers: Record<string, string> = {},
  body: string | Uint8Array = OFFER,
): Promise<RawAnswer> {
  return web.send(version, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/sdp', ...headers },
    body,
  });
}

beforeEach(() => start());
afterEach(() => web.close());

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('WHEP over %s', (version) => {
  test('POST: 201 with the answer, the session’s absolute path, its tag and the ICE servers', async () => {
    const { status, headers, body } = await watch(version);
    expect(status).toBe(201);
    expect(headers['content-type']).toBe('application/sdp');
    // The foreign player joins it to the origin only when it begins with a slash.
    expect(headers.location).toMatch(/^\/whep\/live\/[0-9a-f]{32}$/);
    expect([headers.etag, headers.link]).toEqual(['"ufrag1"', '<stun:stun.test>; rel="ice-server"']);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-expose-headers']).toContain('Location');
    expect(body.toString()).toContain('m=video');
    expect([gateway.egresses[0]?.offer, gateway.egresses[0]?.feed]).toEqual([OFFER, feed]);
    expect(opened).toEqual([true]);
  });

  test('a stream that is not live: 404; one that WebRTC cannot show: 406, both as JSON', async () => {
    const missing = await watch(version, '/whep/nothing');
    expect([missing.status, refusalOf(missing).code]).toEqual([404, 'NOT_LIVE']);
    expect((await watch(version, '/whep/..')).status).toBe(404);
    const unfit = await watch(version, '/whep/b-frames');
    expect([unfit.status, refusalOf(unfit).code]).toEqual([406, 'WHEP_UNAVAILABLE']);
  });

  test('no SDP: 400; an offer that the gateway refuses: 422; another type: 415; too long: 413', async () => {
    expect((await watch(version, '/whep/live', {}, '')).status).toBe(400);
    expect((await watch(version, '/whep/live', {}, Buffer.alloc(65_537))).status).toBe(413);
    expect((await watch(version, '/whep/live', { 'content-type': 'text/plain' })).status).toBe(415);
    // A feed costs an encoder: none of these has opened one.
    expect(opened).toEqual([]);
    gateway.refusal = new RtcRefusedError('bad-offer', 'no video');
    expect((await watch(version)).status).toBe(422);
    expect([endpoint.size, opened]).toEqual([0, [false]]);
  });

  test('no worker now: 503; a full one: 503 WHEP_FULL', async () => {
    gateway.refusal = new RtcRefusedError('unavailable', 'starting');
    const away = await watch(version);
    expect([away.status, refusalOf(away).code, away.headers['retry-after']]).toEqual([
      503,
      'RTC_UNAVAILABLE',
      '1',
    ]);
    gateway.refusal = new RtcRefusedError('too-many', 'full');
    expect(refusalOf(await watch(version)).code).toBe('WHEP_FULL');
  });

  test('PATCH: 204, 428, 412, 415 and 422 as with WHIP', async () => {
    const { headers } = await watch(version);
    const patch = async (sent: Record<string, string>, body = FRAGMENT): Promise<number> => {
      const answer = await web.send(version, {
        method: 'PATCH',
        path: String(headers.location),
        headers: { 'content-type': 'application/trickle-ice-sdpfrag', ...sent },
        body,
      });
      return answer.status;
    };
    expect(await patch({ 'if-match': '"ufrag1"' })).toBe(204);
    expect(await patch({})).toBe(428);
    expect(await patch({ 'if-match': '"x"' })).toBe(412);
    expect(await patch({ 'if-match': '*' })).toBe(422);
    expect(await patch({ 'if-match': '"ufrag1"' }, FRAGMENT.replace('peer', 'newer'))).toBe(422);
    expect(await patch({ 'if-match': '"ufrag1"', 'content-type': 'application/sdp' })).toBe(415);
  });

  test('DELETE: 200 and the session is closed; another stream’s path or a second time: 404', async () => {
    const { headers } = await watch(version);
    const remove = async (path: string): Promise<number> =>
      (await web.send(version, { method: 'DELETE', path })).status;
    const location = String(headers.location);
    expect(await remove(location.replace('live', 'other'))).toBe(404);
    expect(await remove('/whep/live/00')).toBe(404);
    expect(gateway.egresses[0]?.closed).toBe(false);
    expect(await remove(location)).toBe(200);
    expect(gateway.egresses[0]?.closed).toBe(true);
    expect(await remove(location)).toBe(404);
  });

  test('GET and PUT are 405, OPTIONS is 204 with CORS and Accept-Post', async () => {
    for (const path of ['/whep/live', '/whep/live/00']) {
      for (const method of ['GET', 'PUT'])
        expect((await web.send(version, { method, path })).status).toBe(405);
      const { status, headers } = await web.send(version, { method: 'OPTIONS', path });
      expect([status, headers['access-control-allow-origin']]).toEqual([204, '*']);
      expect(headers['access-control-allow-methods']).toContain('PATCH');
    }
    const { headers } = await web.send(version, { method: 'OPTIONS', path: '/whep/live' });
    expect(headers['accept-post']).toBe('application/sdp');
    expect(headers.link).toContain('ice-server');
  });

  test('the authorizer decides, by ?token= or bearer token: 401 without, 403 with a wrong one', async () => {
    const asked: ViewRequest[] = [];
    decide = (request) => {
      asked.push(request);
      return request.token === 'good' ? 'private' : 'denied';
    };
    const none = await watch(version);
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await watch(version, '/whep/live?token=bad')).status).toBe(403);
    expect((await watch(version, '/whep/live?token=good')).status).toBe(201);
    expect((await watch(version, '/whep/live', { authorization: 'Bearer good' })).status).toBe(201);
    expect(asked[0]).toEqual({ streamId: 'live', address: '127.0.0.1' });
    expect(asked[1]).toEqual({ streamId: 'live', address: '127.0.0.1', token: 'bad' });
  });
});

describe('WHEP places', () => {
  test('in all are bounded: one more is 503 with Retry-After until somebody leaves', async () => {
    await web.close();
    await start({ maxViewers: 2 });
    const first = await watch('HTTP/1.1');
    await watch('HTTP/1.1');
    const third = await watch('HTTP/1.1');
    expect([third.status, refusalOf(third).code, third.headers['retry-after']]).toEqual([
      503,
      'WHEP_FULL',
      '30',
    ]);
    expect(opened).toHaveLength(2);
    await web.send('HTTP/1.1', { method: 'DELETE', path: String(first.headers.location) });
    expect((await watch('HTTP/1.1')).status).toBe(201);
  });

  test('are counted while they are opened, too', async () => {
    await web.close();
    await start({ maxViewers: 2 });
    let open = (): void => {};
    gateway.gate = new Promise((resolve) => {
      open = resolve;
    });
    const answers = Array.from({ length: 5 }, () => watch('HTTP/2'));
    await Promise.any(answers);
    open();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 201, 503, 503, 503]);
  });

  test('are not taken by offers that are still being sent', async () => {
    await web.close();
    await start({ maxViewers: 1 });
    const head =
      'POST /whep/live HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 100\r\n\r\n';
    const slow = new RawConnection(web.port, `${head}v=0`);
    await until(() => slow.socket.bytesWritten > head.length, 'sent');
    expect((await watch('HTTP/1.1')).status).toBe(201);
    slow.socket.destroy();
  });

  test('of one address are bounded, connected or not; one that leaves makes room', async () => {
    await web.close();
    await start({ maxViewersPerAddress: 2 });
    const elsewhere = { 'x-test-address': '192.0.2.7' };
    const first = await watch('HTTP/1.1');
    expect([first.status, (await watch('HTTP/1.1')).status]).toEqual([201, 201]);
    gateway.egresses[0]?.listener.onConnected();
    const third = await watch('HTTP/1.1');
    expect([third.status, refusalOf(third).code]).toEqual([503, 'WHEP_FULL']);
    expect(refusalOf(third).message).toContain('of this address');
    expect((await watch('HTTP/1.1', '/whep/live', elsewhere)).status).toBe(201);
    await web.send('HTTP/1.1', { method: 'DELETE', path: String(first.headers.location) });
    expect((await watch('HTTP/1.1')).status).toBe(201);
    gateway.refusal = new RtcRefusedError('bad-offer', 'no video');
    expect((await watch('HTTP/1.1', '/whep/live', elsewhere)).status).toBe(422);
    gateway.refusal = undefined;
    expect((await watch('HTTP/1.1', '/whep/live', elsewhere)).status).toBe(201);
  });

  test('of one address that are not connected yet are bounded; those that are do not count', async () => {
    await web.close();
    await start({ maxConnectingPerAddress: 1 });
    expect((await watch('HTTP/1.1')).status).toBe(201);
    expect((await watch('HTTP/1.1')).status).toBe(429);
    expect((await watch('HTTP/1.1', '/whep/live', { 'x-test-address': '192.0.2.7' })).status).toBe(201);
    gateway.egresses[0]?.listener.onConnected();
    expect((await watch('HTTP/1.1')).status).toBe(201);
    gateway.egresses[2]?.listener.onClosed('ice-timeout');
    expect((await watch('HTTP/1.1')).status).toBe(201);
  });

  test('viewers are those whose media flows', async () => {
    await watch('HTTP/1.1');
    await watch('HTTP/1.1');
    expect([endpoint.viewers('live'), endpoint.size]).toEqual([0, 2]);
    for (const { listener } of gateway.egresses) listener.onConnected();
    expect([endpoint.viewers('live'), endpoint.viewers('other')]).toEqual([2, 0]);
    gateway.egresses[0]?.listener.onClosed('closed-by-peer');
    expect(endpoint.viewers('live')).toBe(1);
  });

  test('are given back when the stream ends or the worker dies', async () => {
    await watch('HTTP/1.1');
    feed.close();
    expect(endpoint.size).toBe(0);
    await watch('HTTP/1.1');
    gateway.die();
    expect(endpoint.size).toBe(0);
  });

  test('close lets every viewer go, and takes none afterwards', async () => {
    await watch('HTTP/1.1');
    endpoint.close();
    expect([gateway.egresses[0]?.closed, endpoint.size]).toEqual([true, 0]);
    expect((await watch('HTTP/1.1')).status).toBe(503);
    await until(() => gateway.egresses[1]?.closed === true, 'closed');
  });
});
