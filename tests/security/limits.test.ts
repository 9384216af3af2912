import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { AmfInput } from '@tallylight/media/amf/amf0-writer.ts';
import { limitSettings } from '@tallylight/server/config/limit-settings.ts';
import { rtcLimitSettings } from '@tallylight/server/config/rtc-settings.ts';
import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';
import { controlMessage } from '@tallylight/server/rtmp/chunk-writer.ts';
import { MESSAGE_TYPE } from '@tallylight/server/rtmp/rtmp-message.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpGet } from '../support/http-client.ts';
import { LiveStream, openMsn } from '../support/live-stream.ts';
import { anotherAddress } from '../support/peer-addresses.ts';
import { RawHttp } from '../support/raw-http.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Each limit as an operator sets it; every one is tried at its edge against the server as it runs. */
const LIMITS = {
  HTTP_MAX_CONNECTIONS: 60,
  HTTP_MAX_HEADER_BYTES: 4096,
  HTTP_MAX_URL_BYTES: 512,
  HTTP_HEADERS_TIMEOUT_SEC: 1,
  HTTP_KEEP_ALIVE_SEC: 1,
  HELD_RELOADS: 8,
  HELD_RELOADS_PER_ADDRESS: 4,
  HELD_RELOAD_MAX_MS: 1000,
  RTMP_HANDSHAKE_TIMEOUT_SEC: 2,
  RTMP_PUBLISH_TIMEOUT_SEC: 2,
  RTMP_IDLE_TIMEOUT_SEC: 2,
  RTMP_MAX_PENDING: 12,
  RTMP_MAX_PENDING_PER_ADDRESS: 3,
  RTMP_MIN_CHUNK_BYTES: 200,
  RTMP_MAX_CHUNK_BYTES: 8192,
  RTMP_MAX_PENDING_MESSAGE_BYTES: 2048,
  RTMP_MAX_MESSAGE_BYTES: 100_000,
  RTMP_MAX_CHUNK_STREAMS: 6,
  RTMP_MAX_NET_STREAMS: 3,
  RTMP_MAX_KEY_CHARS: 64,
  RTMP_AMF_MAX_DEPTH: 6,
  RTMP_AMF_MAX_VALUES: 20,
  RTMP_AMF_MAX_STRING_BYTES: 1500,
  RTMP_MAX_BITRATE_BPS: 2_000_000,
  RTMP_BITRATE_BURST_SEC: 5,
  RTMP_KEY_FAILURES_PER_MINUTE: 3,
  RTMP_KEY_PAUSE_SEC: 60,
} as const;

/** Limits that cannot be reached from loopback or in a short test, and the unit test that holds their edge. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  HTTP_MAX_CONNECTIONS_PER_ADDRESS: 'packages/server/src/http/server.test.ts',
  HTTP_REQUEST_TIMEOUT_SEC: 'packages/server/src/http/server.test.ts',
  HTTP_STALLED_SEC: 'packages/server/src/http/server.test.ts',
  HTTP_TLS_HANDSHAKE_SEC: 'tests/security/tls-limits.test.ts',
  HTTP2_MAX_STREAMS: 'tests/security/tls-limits.test.ts',
  START_HOLD_MS: 'packages/server/src/origin/blocking-reload.test.ts',
  RTMP_STALE_HANDSHAKE_MS: 'packages/server/src/ingest/rtmp/peer-limits.test.ts',
  HTTP_MAX_UNSENT_BYTES: 'packages/server/src/origin/origin-limits.test.ts',
  HTTP_UNSENT_TIMEOUT_SEC: 'tests/security/unread-answers.test.ts',
  MAX_WHEP_VIEWERS: 'packages/server/src/egress/whep/whep-places.test.ts',
  WHEP_VIEWERS_PER_ADDRESS: 'packages/server/src/egress/whep/whep-places.test.ts',
  WHEP_POSTS_PER_MINUTE: 'packages/server/src/egress/whep/whep-places.test.ts',
  WHIP_SESSIONS_PER_ADDRESS: 'packages/server/src/ingest/whip/whip-endpoint.test.ts',
  RTC_MAX_OFFER_BYTES: 'tests/security/rtc-limits.test.ts',
  RTC_ICE_TIMEOUT_SEC: 'tests/security/rtc-limits.test.ts',
  RTC_DTLS_TIMEOUT_SEC: 'tests/security/rtc-limits.test.ts',
  RTC_SILENCE_SEC: 'tests/security/rtc-limits.test.ts',
  FFMPEG_MAX_PROCESSES: 'packages/server/src/platform/child-process.test.ts',
};

let stream: LiveStream;
let key: string;

beforeAll(async () => {
  const env = Object.fromEntries(Object.entries(LIMITS).map(([name, value]) => [name, String(value)]));
  stream = await LiveStream.start({ env });
  key = await stream.server.addKey('edge');
});

afterAll(() => stream.close());

const open = (localAddress = anotherAddress()): Promise<RtmpPublisher> =>
  RtmpPublisher.open({ port: stream.server.rtmpPort, localAddress });
/** Opens `count` connections that the server has taken, all at once: places of tests before may still be counted. */
const waiting = (count: number, address?: string): Promise<RtmpPublisher[]> =>
  waitFor(`${count} free places`, async () => {
    const peers: RtmpPublisher[] = [];
    for (let i = 0; i < count; i++) peers.push(await open(address));
    const taken = await Promise.all(
      peers.map((peer) =>
        peer.shakeHands().then(
          () => true,
          () => false,
        ),
      ),
    );
    if (taken.every(Boolean)) return peers;
    for (const peer of peers) peer.destroy();
    return undefined;
  });
const connected = async (): Promise<RtmpPublisher> => {
  const [peer] = await waiting(1);
  if (peer === undefined) throw new Error('no connection');
  await peer.connect('live');
  return peer;
};
const publishing = async (): Promise<RtmpPublisher> =>
  waitFor('the key to be free', () =>
    RtmpPublisher.publish({ port: stream.server.rtmpPort, key, localAddress: anotherAddress() }).catch(
      () => undefined,
    ),
  );

describe('the table of limits', () => {
  test('names every limit of the configuration', () => {
    const all = Object.values({ ...limitSettings, ...rtcLimitSettings }).map(({ env }) => env);
    expect([...Object.keys(LIMITS), ...Object.keys(TESTED_ELSEWHERE)].toSorted()).toEqual(all.toSorted());
    const missing = Object.values(TESTED_ELSEWHERE).filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });
});

describe('limits of HTTP', () => {
  const target = (bytes: number): string => `/hls/studio/index.m3u8?${'x'.repeat(bytes)}`.slice(0, bytes);

  test('a URL of HTTP_MAX_URL_BYTES is read, one byte more is 414', async () => {
    const client = new RawHttp(stream.server.httpPort);
    expect((await client.get(target(LIMITS.HTTP_MAX_URL_BYTES)))?.status).toBe(200);
    expect((await client.get(target(LIMITS.HTTP_MAX_URL_BYTES + 1)))?.status).toBe(414);
    client.socket.destroy();
  });

  test('headers within HTTP_MAX_HEADER_BYTES are read, more are 431', async () => {
    const client = new RawHttp(stream.server.httpPort);
    const field = (bytes: number): string[] => [`X: ${'x'.repeat(bytes)}`];
    expect(
      (await client.get('/hls/studio/index.m3u8', field(LIMITS.HTTP_MAX_HEADER_BYTES - 200)))?.status,
    ).toBe(200);
    expect(
      (await client.get('/hls/studio/index.m3u8', field(LIMITS.HTTP_MAX_HEADER_BYTES + 1)))?.status,
    ).toBe(431);
  });

  test('HTTP_MAX_CONNECTIONS are served, one more is closed', async () => {
    await waitFor('quiet', () => new Promise((resolve) => setTimeout(() => resolve(true), 50)));
    const clients: RawHttp[] = [];
    for (let i = 0; i <= LIMITS.HTTP_MAX_CONNECTIONS; i++) clients.push(new RawHttp(stream.server.httpPort));
    const answers = await Promise.all(clients.map((client) => client.get('/hls/studio/index.m3u8')));
    const served = answers.filter((answer) => answer?.status === 200).length;
    for (const client of clients) client.socket.destroy();
    // Connections of tests before may still be open.
    expect(served).toBeLessThanOrEqual(LIMITS.HTTP_MAX_CONNECTIONS);
    expect(served).toBeGreaterThan(LIMITS.HTTP_MAX_CONNECTIONS - 10);
    expect(answers.some((answer) => answer === undefined)).toBe(true);
    await waitFor('room again', async () => {
      const client = new RawHttp(stream.server.httpPort);
      const answer = await client.get('/hls/studio/index.m3u8');
      client.socket.destroy();
      return answer?.status === 200;
    });
  });

  test('HELD_RELOADS_PER_ADDRESS wait, one more is 503, another address waits until HELD_RELOADS', async () => {
    // Nothing comes that would answer the reloads, and then they wait for HELD_RELOAD_MAX_MS.
    stream.source.pause();
    const hold = `/hls/studio/source/index.m3u8?_HLS_msn=${openMsn(await stream.playlist('source')) + 1}&_HLS_part=0`;
    const batches = [anotherAddress(), anotherAddress(), anotherAddress()].map((address) =>
      Array.from(
        { length: LIMITS.HELD_RELOADS_PER_ADDRESS + 1 },
        () => new RawHttp(stream.server.httpPort, address),
      ),
    );
    for (const client of batches.flat()) {
      await once(client.socket, 'connect');
      client.send(hold);
    }
    const refused = await Promise.all(
      batches.map(async (clients) => {
        const answers = clients.map((client) => client.answer(400).catch(() => undefined));
        return (await Promise.all(answers)).filter((answer) => answer?.status === 503).length;
      }),
    );
    // Two addresses fill the house; the third finds no room at all.
    expect(refused).toEqual([1, 1, LIMITS.HELD_RELOADS_PER_ADDRESS + 1]);
    for (const client of batches.flat()) client.socket.destroy();
    stream.source.resume();
  });

  test('HELD_RELOAD_MAX_MS is the longest hold', async () => {
    stream.source.pause();
    const playlist = await stream.playlist('audio');
    const startedMs = performance.now();
    const answer = await stream.ask('audio', `?_HLS_msn=${openMsn(playlist) + 1}&_HLS_part=9`);
    const tookMs = performance.now() - startedMs;
    stream.source.resume();
    expect(answer.status).toBe(503);
    expect(tookMs).toBeGreaterThan(LIMITS.HELD_RELOAD_MAX_MS - 50);
    expect(tookMs).toBeLessThan(LIMITS.HELD_RELOAD_MAX_MS + 400);
  });
});

/** Objects within one another. */
const nested = (depth: number): AmfInput => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe('limits of RTMP', () => {
  const message = (bytes: number, type = 99) => ({
    type,
    streamId: 1,
    timestampMs: 0,
    payload: new Uint8Array(bytes),
  });
  const lives = (peer: RtmpPublisher): Promise<boolean> =>
    peer.call('getStreamLength', null, 'x').then(
      () => true,
      () => false,
    );

  test('RTMP_MAX_PENDING_PER_ADDRESS may wait, one more is closed', async () => {
    const address = anotherAddress();
    const peers = await waiting(LIMITS.RTMP_MAX_PENDING_PER_ADDRESS, address);
    const refused = await open(address);
    await refused.closed;
    expect(peers.every((peer) => !peer.socket.destroyed)).toBe(true);
    for (const peer of peers) peer.destroy();
    await Promise.all(peers.map((peer) => peer.closed));
  });

  test('RTMP_MAX_PENDING may wait, one more is closed', async () => {
    const peers = await waiting(LIMITS.RTMP_MAX_PENDING);
    await (await open()).closed;
    expect(peers.every((peer) => !peer.socket.destroyed)).toBe(true);
    for (const peer of peers) peer.destroy();
    await Promise.all(peers.map((peer) => peer.closed));
  });

  test('messages before the key: RTMP_MAX_PENDING_MESSAGE_BYTES, not a byte more', async () => {
    const peer = await connected();
    peer.sendMessage(8, message(LIMITS.RTMP_MAX_PENDING_MESSAGE_BYTES));
    expect(await lives(peer)).toBe(true);
    peer.sendMessage(8, message(LIMITS.RTMP_MAX_PENDING_MESSAGE_BYTES + 1));
    expect(await lives(peer)).toBe(false);
  });

  test('messages of a publisher: RTMP_MAX_MESSAGE_BYTES, not a byte more', async () => {
    const peer = await publishing();
    peer.sendMessage(8, message(LIMITS.RTMP_MAX_MESSAGE_BYTES));
    expect(await lives(peer)).toBe(true);
    peer.sendMessage(8, message(LIMITS.RTMP_MAX_MESSAGE_BYTES + 1));
    expect(await lives(peer)).toBe(false);
  });

  test('chunks: RTMP_MAX_CHUNK_BYTES, not a byte more', async () => {
    const peer = await connected();
    peer.setChunkBytes(LIMITS.RTMP_MAX_CHUNK_BYTES);
    expect(await lives(peer)).toBe(true);
    peer.sendMessage(2, controlMessage('setChunkSize', LIMITS.RTMP_MAX_CHUNK_BYTES + 1));
    expect(await lives(peer)).toBe(false);
  });

  test('chunks: RTMP_MIN_CHUNK_BYTES, not a byte less', async () => {
    const peer = await connected();
    peer.setChunkBytes(LIMITS.RTMP_MIN_CHUNK_BYTES);
    expect(await lives(peer)).toBe(true);
    peer.sendMessage(2, controlMessage('setChunkSize', LIMITS.RTMP_MIN_CHUNK_BYTES - 1));
    expect(await lives(peer)).toBe(false);
  });

  test('net streams: RTMP_MAX_NET_STREAMS, not one more', async () => {
    const peer = await connected();
    for (let i = 0; i < LIMITS.RTMP_MAX_NET_STREAMS; i++) await peer.call('createStream', null);
    await expect(peer.call('createStream', null)).rejects.toThrow();
    await peer.closed;
  });

  test('stream keys: RTMP_MAX_KEY_CHARS are looked up, not one more', async () => {
    const tryKey = (length: number): Promise<unknown> =>
      RtmpPublisher.publish({
        ...{ port: stream.server.rtmpPort, localAddress: anotherAddress(), key: 'k'.repeat(length) },
      });
    const tooLong = `the stream key has ${LIMITS.RTMP_MAX_KEY_CHARS + 1} characters`;
    await expect(tryKey(LIMITS.RTMP_MAX_KEY_CHARS)).rejects.toThrow(/Denied(?!.*characters)/);
    await expect(tryKey(LIMITS.RTMP_MAX_KEY_CHARS + 1)).rejects.toThrow(tooLong);
  });

  test.each([
    ['RTMP_AMF_MAX_DEPTH', (n: number) => nested(n)],
    [
      'RTMP_AMF_MAX_VALUES',
      // Four are the command's name, its number, null and the object itself.
      (n: number) => Object.fromEntries(Array.from({ length: n - 4 }, (_, i) => [`k${i}`, 1])),
    ],
    ['RTMP_AMF_MAX_STRING_BYTES', (n: number) => 'x'.repeat(n)],
  ] as const)('commands: %s, not one more', async (name, make) => {
    const peer = await connected();
    const command = (value: AmfInput): void => peer.sendCommand(0, 'FCPublish', 0, null, value);
    command(make(LIMITS[name]));
    expect(await lives(peer)).toBe(true);
    command(make(LIMITS[name] + 1));
    expect(await lives(peer)).toBe(false);
  });

  test('chunk streams: RTMP_MAX_CHUNK_STREAMS, not one more', async () => {
    const peer = await connected();
    // The commands' own, 3, is one of them.
    for (let i = 1; i < LIMITS.RTMP_MAX_CHUNK_STREAMS; i++) peer.sendMessage(10 + i, message(1));
    expect(await lives(peer)).toBe(true);
    peer.sendMessage(50, message(1));
    expect(await lives(peer)).toBe(false);
  });

  test('RTMP_MAX_BITRATE_BPS: an encoder above it is told', async () => {
    const peer = await publishing();
    const piece = { ...message(50_000), type: MESSAGE_TYPE.sharedObjectAmf0 };
    // Five seconds’ worth may come at once.
    for (let i = 0; i < 20; i++) peer.sendMessage(8, piece);
    expect(await lives(peer)).toBe(true);
    for (let i = 0; i < 20; i++) peer.sendMessage(8, piece);
    expect((await peer.status()).description).toContain('more than 2 Mbit/s');
    await peer.closed;
  });

  test('RTMP_KEY_FAILURES_PER_MINUTE wrong keys, then even the right one must wait', async () => {
    const options = { port: stream.server.rtmpPort, localAddress: anotherAddress() };
    for (let i = 0; i < LIMITS.RTMP_KEY_FAILURES_PER_MINUTE; i++)
      await expect(RtmpPublisher.publish({ ...options, key: `wrong${i}` })).rejects.toThrow('Denied');
    await expect(RtmpPublisher.publish({ ...options, key })).rejects.toThrow('try again in 1 min');
    await (await publishing()).unpublish();
  });
});

describe('time-outs', () => {
  /** How long something took, in seconds. */
  async function secondsOf(begin: () => Promise<unknown>): Promise<number> {
    const startedMs = performance.now();
    await begin();
    return (performance.now() - startedMs) / 1000;
  }

  test('end what hangs, over RTMP and HTTP', async () => {
    const hanging = createConnection(stream.server.httpPort, '127.0.0.1');
    hanging.write('GET / HTTP/1.1\r\nHost:');
    hanging.resume();
    const idle = new RawHttp(stream.server.httpPort);
    await idle.get('/hls/studio/index.m3u8');
    const peers = await Promise.all([open(), connected(), publishing()]);
    const [handshakeSec, publishSec, idleSec, headersSec, keepAliveSec] = await Promise.all([
      ...peers.map((peer) => secondsOf(() => peer.closed)),
      secondsOf(() => once(hanging, 'close')),
      secondsOf(() => waitFor('the idle one to be closed', () => idle.closed)),
    ]);
    for (const [seconds, name] of [
      [handshakeSec, 'RTMP_HANDSHAKE_TIMEOUT_SEC'],
      [publishSec, 'RTMP_PUBLISH_TIMEOUT_SEC'],
      [idleSec, 'RTMP_IDLE_TIMEOUT_SEC'],
    ] as const) {
      expect(seconds, name).toBeGreaterThan(LIMITS[name] - 0.3);
      expect(seconds, name).toBeLessThan(LIMITS[name] + 1);
    }
    // The HTTP server looks every 5 s.
    expect(headersSec).toBeLessThan(LIMITS.HTTP_HEADERS_TIMEOUT_SEC + 6);
    expect(keepAliveSec).toBeLessThan(LIMITS.HTTP_KEEP_ALIVE_SEC + 6);
    expect((await httpGet(stream.url)).status).toBe(200);
  });
});
