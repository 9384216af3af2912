import type { ClientHttp2Session } from 'node:http2';
import {
  connectHttp2,
  fetchHttp2,
  fetchOnce,
  type RawAnswer,
} from '@tallylight/server/http/testing/raw-client.ts';
import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';
import { KeyFile } from '@tallylight/server/keys/key-file.ts';
import { silentLogger } from '@tallylight/server/platform/logger.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

/** What a browser would offer; nobody is behind it, so the session waits for a peer until its ICE time-out. */
function offer(): string {
  const fingerprint = Array.from({ length: 32 }, (_, at) => at.toString(16).padStart(2, '0')).join(':');
  const transport = [
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:peer',
    'a=ice-pwd:0123456789012345678901',
    `a=fingerprint:sha-256 ${fingerprint.toUpperCase()}`,
    'a=setup:actpass',
    'a=sendonly',
    'a=rtcp-mux',
  ];
  return [
    'v=0',
    'o=- 42 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0 1',
    ...['m=audio 9 UDP/TLS/RTP/SAVPF 111', ...transport, 'a=mid:0', 'a=rtpmap:111 opus/48000/2'],
    ...['m=video 9 UDP/TLS/RTP/SAVPF 96', ...transport, 'a=mid:1', 'a=rtpmap:96 H264/90000'],
    'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    '',
  ].join('\r\n');
}

const OFFER = offer();
const FRAGMENT = 'a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\na=end-of-candidates\r\n';
const VERSIONS = ['HTTP/1.1', 'HTTP/2'] as const;
type Version = (typeof VERSIONS)[number];

/** Sends requests to one server by either version of HTTP. */
class Client {
  readonly #server: Tallylight;
  readonly #session: ClientHttp2Session;

  constructor(server: Tallylight) {
    this.#server = server;
    this.#session = connectHttp2(server.httpsUrl);
  }

  send(
    version: Version,
    method: string,
    path: string,
    key: string | null,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<RawAnswer> {
    const all = { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers };
    if (version === 'HTTP/2')
      return fetchHttp2(this.#session, { ':method': method, ':path': path, ...all }, body);
    return fetchOnce(this.#server.url, {
      method,
      path,
      headers: all,
      ...(body === undefined ? {} : { body }),
    });
  }

  publish(version: Version, key: string | null, path = '/whip'): Promise<RawAnswer> {
    return this.send(version, 'POST', path, key, { 'content-type': 'application/sdp' }, OFFER);
  }

  close(): void {
    this.#session.destroy();
  }
}

/** Every way to do something with a stream over HTTP that needs its key. */
function doors(
  client: Client,
  version: Version,
  streamId: string,
  session: { location: string; etag: string },
) {
  const trickle = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': session.etag };
  return {
    'POST /whip': (key: string | null) => client.publish(version, key),
    'POST /api/streams/:id/whip': (key: string | null) =>
      client.publish(version, key, `/api/streams/${streamId}/whip`),
    'PATCH /whip/:session': (key: string | null) =>
      client.send(version, 'PATCH', session.location, key, trickle, FRAGMENT),
    'DELETE /whip/:session': (key: string | null) => client.send(version, 'DELETE', session.location, key),
    'POST /api/streams/:id/end': (key: string | null) =>
      client.send(version, 'POST', `/api/streams/${streamId}/end`, key),
  };
}

let server: Tallylight;
let client: Client;

async function start(env: Record<string, string> = {}): Promise<void> {
  server = await Tallylight.start({
    tls: true,
    env: {
      ...QUICK_ENV,
      LOG_LEVEL: 'debug',
      RTMP_KEY_FAILURES_PER_MINUTE: '10000',
      RTC_ICE_TIMEOUT_SEC: '120',
      WHIP_SESSIONS_PER_ADDRESS: '100',
      PUBLIC_IP: '127.0.0.1',
      ...env,
    },
  });
  client = new Client(server);
}

async function publisherOf(streamId: string): Promise<{ key: string; location: string; etag: string }> {
  const key = await server.addKey(streamId);
  const { status, headers, body } = await client.publish('HTTP/1.1', key);
  expect(status, body.toString()).toBe(201);
  return { key, location: String(headers.location), etag: String(headers.etag) };
}

async function publishes(streamId: string): Promise<boolean> {
  const { status, body } = await fetchOnce(`${server.url}/api/streams/${streamId}/health`);
  return status === 200 && (JSON.parse(body.toString()) as { publishing: boolean }).publishing;
}

async function revoke(streamId: string): Promise<void> {
  const keys = await KeyFile.open({ directory: server.dataDir, log: silentLogger });
  await keys.revoke(streamId);
  keys.close();
}

describe('security 3: the ingest’s doors of HTTP', () => {
  beforeAll(() => start());
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  test('no key, a wrong one, another stream’s: refused at each method, and a living publisher loses no frame', async () => {
    const owner = await Bystander.start(server, 'studio');
    const session = await publisherOf('whip');
    const otherKey = await server.addKey('elsewhere');
    for (const version of VERSIONS) {
      for (const [name, open] of Object.entries(doors(client, version, 'whip', session))) {
        const wrong = [
          'whip',
          'live_',
          `${session.key}x`,
          session.key.slice(0, -1),
          session.key.toUpperCase(),
        ];
        for (const key of [null, '', ...wrong]) {
          const { status, headers } = await open(key);
          expect([name, key, status]).toEqual([name, key, 401]);
          expect(headers['www-authenticate']).toMatch(/^Bearer/);
        }
        if (name === 'POST /whip') continue;
        expect([name, (await open(otherKey)).status]).toEqual([name, 403]);
        expect([name, (await open(owner.key)).status]).toEqual([name, 403]);
      }
    }
    expect([await publishes('whip'), await publishes('elsewhere')]).toEqual([true, false]);
    expect(await owner.leave()).toEqual([]);
  });

  test('a key in use: 409 with Retry-After whatever the other protocol, and the publisher loses no frame', async () => {
    const owner = await Bystander.start(server, 'busy');
    for (const version of VERSIONS) {
      for (const path of ['/whip', '/api/streams/busy/whip']) {
        const { status, headers } = await client.publish(version, owner.key, path);
        expect(status).toBe(409);
        expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      }
    }
    expect(await owner.leave()).toEqual([]);
  });

  test('a revoked key: its session is gone within two seconds, and every method is 401', async () => {
    const session = await publisherOf('revoked');
    await revoke('revoked');
    await waitFor('the session to end', async () => !(await publishes('revoked')), 2000);
    for (const version of VERSIONS) {
      for (const [name, open] of Object.entries(doors(client, version, 'revoked', session))) {
        expect([name, (await open(session.key)).status]).toEqual([name, 401]);
      }
    }
  });

  test('the right key opens every door', async () => {
    for (const version of VERSIONS) {
      const streamId = `right-${VERSIONS.indexOf(version)}`;
      const session = await publisherOf(streamId);
      const open = doors(client, version, streamId, session);
      expect((await open['PATCH /whip/:session'](session.key)).status).toBe(204);
      expect((await open['DELETE /whip/:session'](session.key)).status).toBe(200);
      expect((await open['DELETE /whip/:session'](session.key)).status).toBe(404);
      expect((await open['POST /api/streams/:id/whip'](session.key)).status).toBe(201);
      expect(await publishes(streamId)).toBe(true);
      expect((await open['POST /api/streams/:id/end'](session.key)).status).toBe(200);
      expect(await publishes(streamId)).toBe(false);
      expect((await open['POST /api/streams/:id/end'](session.key)).status).toBe(404);
    }
  });

  test('POST /end ends a stream of any protocol for its viewers at once', async () => {
    const owner = await Bystander.start(server, 'ending');
    const before = await fetchOnce(owner.reader.url);
    expect(before.body.toString()).not.toContain('#EXT-X-ENDLIST');
    const { status } = await client.send('HTTP/2', 'POST', '/api/streams/ending/end', owner.key);
    expect(status).toBe(200);
    const { body } = await fetchOnce(owner.reader.url);
    expect(body.toString()).toContain('#EXT-X-ENDLIST');
    owner.source.kill();
  });

  test('a session that nobody connects to gives way to the same key after 1.5 s', async () => {
    const { key } = await publisherOf('quiet');
    const startedMs = performance.now();
    expect((await client.publish('HTTP/2', key)).status).toBe(409);
    await waitFor('the heir to be let in', async () => (await client.publish('HTTP/2', key)).status === 201);
    const waitedMs = performance.now() - startedMs;
    expect(waitedMs).toBeGreaterThan(1300);
    expect(waitedMs).toBeLessThan(3000);
  });

  test('what is no SDP, too much of it, or of another type is refused and disturbs nobody', async () => {
    const key = await server.addKey('bodies');
    const post = (type: string, body: string): Promise<RawAnswer> =>
      client.send('HTTP/2', 'POST', '/whip', key, { 'content-type': type }, body);
    const statuses = [
      await post('application/sdp', 'hello'),
      await post('application/sdp', OFFER.replaceAll('H264', 'NONE').replaceAll('opus', 'none')),
      await post('application/sdp', OFFER + 'a=x:y\r\n'.repeat(20_000)),
      await post('text/plain', OFFER),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 422, 413, 415]);
    expect((await client.publish('HTTP/2', key)).status).toBe(201);
  });

  test('neither keys nor descriptions are in the log, not even at level debug', () => {
    expect(server.output).toContain('refused publisher');
    expect(server.output).not.toMatch(/live_[\w-]{20}|ice-pwd|ice-ufrag|fingerprint|a=rtpmap|m=video/);
  });
});

describe('security 3: guessing', () => {
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  test('wrong keys are counted over all protocols together; then the address must pause', async () => {
    await start({ RTMP_KEY_FAILURES_PER_MINUTE: '6' });
    const key = await server.addKey('guessed');
    for (const version of VERSIONS) {
      expect((await client.publish(version, 'live_wrong')).status).toBe(401);
      expect((await client.send(version, 'DELETE', '/whip/0', 'live_wrong')).status).toBe(401);
    }
    for (let tries = 0; tries < 2; tries++) {
      await expect(RtmpPublisher.publish({ port: server.rtmpPort, key: 'live_wrong' })).rejects.toThrow(
        'Denied',
      );
    }
    const paused = await client.publish('HTTP/2', key);
    expect(paused.status).toBe(429);
    expect(Number(paused.headers['retry-after'])).toBeGreaterThan(60);
    await expect(RtmpPublisher.publish({ port: server.rtmpPort, key })).rejects.toThrow('too many wrong');
  });

  test('sessions of one address are bounded, and those of others go on', async () => {
    await start({ WHIP_SESSIONS_PER_ADDRESS: '3' });
    const keys = [];
    for (let at = 0; at < 4; at++) keys.push(await server.addKey(`many-${at}`));
    const statuses = [];
    for (const key of keys) statuses.push((await client.publish('HTTP/1.1', key)).status);
    expect(statuses).toEqual([201, 201, 201, 429]);
    expect([await publishes('many-0'), await publishes('many-2')]).toEqual([true, true]);
  });
});
