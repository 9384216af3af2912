import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HttpRequest } from '../http/http-request.ts';
import { iceRoutes } from '../http/ice-routes.ts';
import { respondText } from '../http/respond.ts';
import { selfSignedIdentity } from '../http/self-signed.ts';
import { BothProtocols, refusalOf } from '../http/testing/both-protocols.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { RtcRefusedError } from '../rtc-worker/rtc-gateway.ts';
import { FakeGateway } from '../rtc-worker/testing/fake-gateway.ts';
import { KeyFailures } from './key-failures.ts';
import { networkTestRoutes } from './network-test/network-test-routes.ts';
import { PublisherDoor } from './publisher-door.ts';
import { type StreamStatus, streamRoutes } from './stream-routes.ts';
import { FakeKeys, iceServers, OFFER } from './whip/testing/whip-harness.ts';

const KEY = 'live_key-of-one';
const ended: string[] = [];
const live = new Map<string, StreamStatus>();
const gateway = new FakeGateway();
const clientAddress = (request: HttpRequest): string =>
  String(request.headers['x-test-address'] ?? '127.0.0.1');

let web: BothProtocols;
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tallylight-routes-'));
  const identity = await selfSignedIdentity(directory, Date.now());
  await rm(directory, { recursive: true });
  const keyFailures = new KeyFailures({ maxKeyFailuresPerMinute: 3, keyFailurePauseMs: 60_000 });
  const log = silentLogger;
  const clock = systemClock;
  web = await BothProtocols.start(
    [
      iceRoutes(iceServers),
      streamRoutes({
        status: (streamId) => live.get(streamId),
        viewers: () => ({ whep: 2, hls: 3 }),
        endStream: (streamId) => {
          if (!live.has(streamId)) return false;
          ended.push(streamId);
          return true;
        },
        reconnectWindowMs: 30_000,
        peopleEndStreams: true,
        door: new PublisherDoor({ authorizer: new FakeKeys(), keyFailures, clock }),
        mayWatch: async ({ streamId, token }) => streamId !== 'hidden' || token === 'ticket',
        log,
        clientAddress,
      }),
      {
        handle: (request, response) => {
          if (!(request.url ?? '').endsWith('/end')) return false;
          respondText(response, 299, `for sessions: ${String(request.method)}`);
          return true;
        },
      },
      networkTestRoutes({
        facts: () => ({
          udpPort: 8189,
          addresses: ['192.0.2.1'],
          stunConfigured: true,
          turnConfigured: false,
        }),
        gateway,
        iceServers,
        clock,
        log,
        limits: { maxUploadBytes: 100_000, maxPerAddress: 2, probeLifeMs: 60_000 },
        clientAddress,
      }),
    ],
    identity,
  );
});
afterAll(() => web.close());

beforeEach(() => {
  ended.length = 0;
  live.clear();
  live.set('one', {
    publishing: true,
    protocol: 'whip',
    health: { bitrateBps: 1e6, framesPerSecond: 30, warnings: [{ code: 'b-frames', message: 'off' }] },
    limits: { maxBitrateBps: 6e6, maxShortSide: 1080, maxFrameRate: 30 },
    startedAtMs: 1_700_000_000_000.4,
  });
});

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('API over %s', (version) => {
  test('GET /api/ice-servers: what RTCPeerConnection takes, for any page, kept by nobody', async () => {
    const answer = await web.send(version, { method: 'GET', path: '/api/ice-servers' });
    expect(JSON.parse(answer.body.toString())).toEqual({ iceServers: iceServers.iceServers() });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  test('GET …/health: publisher, health and viewers', async () => {
    const answer = await web.send(version, { method: 'GET', path: '/api/streams/one/health' });
    expect(JSON.parse(answer.body.toString())).toEqual({
      streamId: 'one',
      publishing: true,
      protocol: 'whip',
      health: { bitrateBps: 1e6, framesPerSecond: 30, warnings: [{ code: 'b-frames', message: 'off' }] },
      limits: { maxBitrateBps: 6e6, maxShortSide: 1080, maxFrameRate: 30 },
      viewers: { whep: 2, hls: 3, total: 5 },
      startedAtMs: 1_700_000_000_000,
      reconnectWindowSec: 30,
    });
  });

  test('GET …/health while nobody publishes: nulls; of no stream: 404', async () => {
    live.set('one', { publishing: false, startedAtMs: 5 });
    const answer = await web.send(version, { method: 'GET', path: '/api/streams/one/health' });
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      publishing: false,
      protocol: null,
      health: null,
    });
    const missing = await web.send(version, { method: 'GET', path: '/api/streams/none/health' });
    expect([missing.status, refusalOf(missing).code]).toEqual([404, 'NOT_LIVE']);
  });

  test('POST …/end: only with the stream’s own key', async () => {
    const end = async (streamId: string, key?: string): Promise<number> => {
      const headers: Record<string, string> = { 'x-test-address': `${version} ${key}` };
      if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
      const answer = await web.send(version, {
        method: 'POST',
        path: `/api/streams/${streamId}/end`,
        headers,
      });
      return answer.status;
    };
    const wrong = (): Promise<number> => end('one', 'live_x');
    expect([await wrong(), await wrong(), await wrong(), await wrong()]).toEqual([401, 401, 401, 429]);
    expect(await end('one', 'live_key-of-two')).toBe(403);
    expect(await end('two', 'live_key-of-two')).toBe(404);
    expect(ended).toEqual([]);
    expect(await end('one', KEY)).toBe(200);
    expect(ended).toEqual(['one']);
  });

  test('POST …/end without a stream key is left to the next handler, and so is any other method', async () => {
    const ask = async (method: string, headers: Record<string, string> = {}): Promise<number> =>
      (await web.send(version, { method, path: '/api/streams/one/end', headers })).status;
    expect(await ask('POST')).toBe(299);
    expect(await ask('POST', { authorization: 'Bearer tlt_an-api-token' })).toBe(299);
    expect(await ask('GET')).toBe(299);
    expect(await ask('OPTIONS')).toBe(299);
    expect(await ask('OPTIONS', { 'access-control-request-headers': 'authorization' })).toBe(204);
    expect(ended).toEqual([]);
  });

  test('GET …/health of a stream that not everybody may watch: with its token or its key, else as if it were not', async () => {
    live.set('hidden', { publishing: true, startedAtMs: 5 });
    const ask = async (query = '', authorization?: string): Promise<number> => {
      const headers: Record<string, string> = { 'x-test-address': `hidden ${version}` };
      if (authorization !== undefined) headers['authorization'] = authorization;
      return (await web.send(version, { method: 'GET', path: `/api/streams/hidden/health${query}`, headers }))
        .status;
    };
    expect([await ask(), await ask('?token=other'), await ask('', 'Bearer other')]).toEqual([404, 404, 404]);
    expect([await ask('?token=ticket'), await ask('', 'Bearer ticket')]).toEqual([200, 200]);
    expect([await ask('', 'Bearer live_nobody'), await ask('', `Bearer ${KEY}`)]).toEqual([401, 403]);
  });

  test('GET /api/network-test tells what the server knows', async () => {
    const answer = await web.send(version, { method: 'GET', path: '/api/network-test' });
    expect(JSON.parse(answer.body.toString())).toEqual({
      udpPort: 8189,
      addresses: ['192.0.2.1'],
      stunConfigured: true,
      turnConfigured: false,
    });
  });

  test('POST …/upload counts a body and throws it away; above the limit: 413', async () => {
    const upload = (bytes: number) =>
      web.send(version, { method: 'POST', path: '/api/network-test/upload', body: Buffer.alloc(bytes) });
    const { bytes, ms } = JSON.parse((await upload(100_000)).body.toString()) as {
      bytes: number;
      ms: number;
    };
    expect(bytes).toBe(100_000);
    expect(ms).toBeGreaterThanOrEqual(0);
    expect((await upload(100_001)).status).toBe(413);
    expect((await upload(10)).status).toBe(200);
  });

  test('POST …/probe answers an offer; so many of one address, then 429', async () => {
    const probe = (body = OFFER, type = 'application/sdp') =>
      web.send(version, {
        method: 'POST',
        path: '/api/network-test/probe',
        headers: { 'content-type': type, 'x-test-address': `probe ${version}` },
        body,
      });
    expect((await probe('nonsense')).status).toBe(400);
    expect((await probe(OFFER, 'text/plain')).status).toBe(415);
    gateway.refusal = new RtcRefusedError('unavailable', 'starting');
    expect((await probe()).status).toBe(503);
    gateway.refusal = undefined;
    const answer = await probe();
    expect([answer.status, answer.headers['content-type']]).toEqual([201, 'application/sdp']);
    expect([(await probe()).status, (await probe()).status]).toEqual([201, 429]);
    const path = String(answer.headers.location);
    const [first] = gateway.probes.filter(({ id }) => path.endsWith(`/${id}`));
    const end = async (): Promise<number> => (await web.send(version, { method: 'DELETE', path })).status;
    expect([await end(), first?.closed, await end()]).toEqual([200, true, 404]);
    expect([(await probe()).status, (await probe()).status]).toEqual([201, 429]);
  });

  test('POST …/probe: 60 a minute of one address, one more is 429, whatever became of the others', async () => {
    const probe = (address: string) =>
      web.send(version, {
        method: 'POST',
        path: '/api/network-test/probe',
        headers: { 'content-type': 'application/sdp', 'x-test-address': address },
        body: 'nonsense',
      });
    for (let at = 1; at <= 60; at++) expect((await probe(`busy ${version}`)).status).toBe(400);
    const refused = await probe(`busy ${version}`);
    expect([refused.status, refusalOf(refused).code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
    expect((await probe(`idle ${version}`)).status).toBe(400);
  });
});
