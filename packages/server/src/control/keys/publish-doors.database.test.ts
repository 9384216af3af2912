import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Actor } from '../../api/actor.ts';
import { selfSignedIdentity } from '../../http/self-signed.ts';
import { BothProtocols } from '../../http/testing/both-protocols.ts';
import { KeyFailures } from '../../ingest/key-failures.ts';
import { PublisherDoor } from '../../ingest/publisher-door.ts';
import { FakePublishTarget } from '../../ingest/rtmp/testing/fake-publish-target.ts';
import { RtmpPublisher } from '../../ingest/rtmp/testing/rtmp-publisher.ts';
import { closeAll, closeLater, startServer } from '../../ingest/rtmp/testing/server-harness.ts';
import { FRAGMENT, iceServers, OFFER } from '../../ingest/whip/testing/whip-harness.ts';
import { WhipEndpoint } from '../../ingest/whip/whip-endpoint.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { FakeGateway } from '../../rtc-worker/testing/fake-gateway.ts';
import { eventually, StreamsHarness } from '../streams/testing/streams-harness.ts';
import { DatabasePublishAuthorizer } from './database-publish-authorizer.ts';
import { KeyRing } from './key-ring.ts';
import { StreamKeys } from './stream-keys.ts';

type Person = Actor & { userId: string };

let harness: StreamsHarness;
let owner: Person;
let channelId: string;
/** The stream that every key but `good` and `other` was of, or is of. */
const keys = new Map<string, string>();
const whipTarget = new FakePublishTarget();
let web: BothProtocols;
let rtmp: { readonly port: number; readonly tlsPort: number; readonly target: FakePublishTarget };

beforeAll(async () => {
  harness = await StreamsHarness.create();
  owner = await harness.person('owner');
  channelId = await harness.channel({ owner });
  await makeKeys();
  const directory = await mkdtemp(join(tmpdir(), 'tallylight-doors-'));
  const identity = await selfSignedIdentity(directory, Date.now());
  await rm(directory, { recursive: true });
  const limits = { maxKeyFailuresPerMinute: 1000, keyFailurePauseMs: 1000 };
  const door = new PublisherDoor({
    authorizer: harness.authorizer,
    keyFailures: new KeyFailures(limits),
    clock: systemClock,
  });
  const endpoint = new WhipEndpoint({
    ...{
      gateway: new FakeGateway(),
      target: whipTarget,
      door,
      iceServers,
      clock: systemClock,
      log: silentLogger,
    },
    clientAddress: () => '127.0.0.1',
  });
  web = await BothProtocols.start([endpoint], identity);
  const { server, port, target } = await startServer({ maxKeyFailuresPerMinute: 1000 }, harness.authorizer);
  server.setTls(identity);
  rtmp = { port, tlsPort: await server.listenTls({ port: 0, host: '127.0.0.1' }), target };
});
afterAll(async () => {
  await closeAll();
  await web?.close();
  await harness?.close();
});

async function makeKeys(): Promise<void> {
  const set = async (
    name: string,
    by: (streamId: string, person: Person, channel: string) => Promise<unknown>,
  ) => {
    const person = await harness.person(name);
    const channel = await harness.channel({ owner, broadcaster: person });
    const { id, key } = await harness.stream(person, channel);
    await by(id, person, channel);
    keys.set(name, key);
  };
  const settings = { reconnectWindowSeconds: 77, maxResolution: '480p', bitrateKbps: 2500 } as const;
  keys.set('good', (await harness.stream(owner, channelId, settings)).key);
  const other = await harness.person('other');
  keys.set('other', (await harness.stream(other, await harness.channel({ owner: other }))).key);
  keys.set('wrong', `live_${'x'.repeat(43)}`);
  keys.set('cut short', (keys.get('good') ?? '').slice(0, -1));
  keys.set('no form', 'studio');
  const asService = (statement: ReturnType<typeof sql>): Promise<unknown> =>
    harness.database.asService((tx) => statement.execute(tx));
  await set('revoked', (id, person) => harness.service.regenerateKey(person, id, 0));
  await set('expired', (id) =>
    asService(sql`UPDATE nchat_stream_keys SET expires_at = now() - interval '1 s' WHERE stream_id = ${id}`),
  );
  await set('cancelled', (id, person) => harness.service.cancel(person, id));
  await set('disabled', (_, { userId }) =>
    asService(sql`UPDATE nchat_live_accounts SET disabled_at = now() WHERE user_id = ${userId}`),
  );
  await set('banned', (_, { userId }, channel) =>
    asService(sql`INSERT INTO nchat_stream_bans (id, channel_id, user_id, kind, is_permanent)
      VALUES (gen_random_uuid(), ${channel}, ${userId}, 'ban', true)`),
  );
  await set('demoted', (_, { userId }) =>
    asService(sql`UPDATE nchat_channel_members SET role = 'viewer' WHERE user_id = ${userId}`),
  );
  await set('no member any more', (_, { userId }) =>
    asService(sql`DELETE FROM nchat_channel_members WHERE user_id = ${userId}`),
  );
}

const REFUSED: readonly [string, string][] = [
  ['wrong', 'unknown stream key'],
  ['cut short', 'unknown stream key'],
  ['no form', 'unknown stream key'],
  ['revoked', 'was replaced'],
  ['expired', 'has expired'],
  ['cancelled', 'was cancelled'],
  ['disabled', 'is disabled'],
  ['banned', 'is banned'],
  ['demoted', 'may no longer broadcast'],
  ['no member any more', 'may no longer broadcast'],
];

const ask = (method: string, path: string, key: string | undefined) =>
  web.send('HTTP/1.1', {
    method,
    path,
    headers: {
      'content-type': method === 'PATCH' ? 'application/trickle-ice-sdpfrag' : 'application/sdp',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(method === 'DELETE' ? {} : { body: method === 'PATCH' ? FRAGMENT : OFFER }),
  });

describe('security 3: doors for publishers', () => {
  test('RTMP and RTMPS: no key, and every key that is not good, is refused in words; a good one publishes', async () => {
    const good = keys.get('good') ?? '';
    const living = closeLater(await RtmpPublisher.publish({ port: rtmp.port, key: good }));
    const [publication] = rtmp.target.publications;
    expect(publication).toMatchObject({ reconnectWindowMs: 77_000, maxShortSide: 480 });
    for (const [port, tls] of [
      [rtmp.port, false],
      [rtmp.tlsPort, true],
    ] as const) {
      await expect(RtmpPublisher.publish({ port, tls, key: '' })).rejects.toThrow();
      for (const [name, why] of REFUSED) {
        await expect(RtmpPublisher.publish({ port, tls, key: keys.get(name) ?? '' }), name).rejects.toThrow(
          why,
        );
      }
    }
    // Nobody disturbed who publishes (security 4), and another key opens its own stream and no other.
    expect(rtmp.target.publications).toHaveLength(1);
    expect(publication?.ended).toBeUndefined();
    await expect(RtmpPublisher.publish({ port: rtmp.port, key: good })).rejects.toThrow(
      'another encoder is live',
    );
    const other = closeLater(
      await RtmpPublisher.publish({ port: rtmp.tlsPort, tls: true, key: keys.get('other') ?? '' }),
    );
    expect(rtmp.target.publications[1]?.streamId).not.toBe(publication?.streamId);
    await other.unpublish();
    await living.unpublish();
  });

  test('WHIP POST, PATCH and DELETE: the same, and another stream’s key opens neither stream nor session', async () => {
    const good = keys.get('good') ?? '';
    const made = await ask('POST', '/whip', good);
    expect(made.status).toBe(201);
    const session = String(made.headers.location);
    const [publication] = whipTarget.publications;
    expect(publication).toMatchObject({ reconnectWindowMs: 77_000, maxShortSide: 480 });
    const own = `/api/streams/${publication?.streamId}/whip`;
    for (const [method, path] of [
      ['POST', '/whip'],
      ['POST', own],
      ['PATCH', session],
      ['DELETE', session],
    ] as const) {
      expect((await ask(method, path, undefined)).status, `${method} without a key`).toBe(401);
      for (const [name, why] of REFUSED) {
        const answer = await ask(method, path, keys.get(name));
        expect(answer.status, `${method} ${name}`).toBe(401);
        expect(answer.body.toString(), `${method} ${name}`).toContain(why);
      }
      if (path !== '/whip') expect((await ask(method, path, keys.get('other'))).status, method).toBe(403);
    }
    expect(whipTarget.publications).toHaveLength(1);
    expect(publication?.ended).toBeUndefined();
    expect((await ask('DELETE', session, good)).status).toBe(200);
  });

  test('a key that is known and refused is no sign of guessing', async () => {
    const keyFailures = new KeyFailures({ maxKeyFailuresPerMinute: 2, keyFailurePauseMs: 60_000 });
    const door = new PublisherDoor({ authorizer: harness.authorizer, keyFailures, clock: systemClock });
    const admit = (name: string) =>
      door.admit(
        { headers: { authorization: `Bearer ${keys.get(name)}` } } as Parameters<PublisherDoor['admit']>[0],
        { protocol: 'whip', address: 'a', peer: 'a' },
      );
    for (let time = 0; time < 5; time++)
      await expect(admit('revoked')).rejects.toMatchObject({ status: 401 });
    for (let time = 0; time < 2; time++) await expect(admit('wrong')).rejects.toMatchObject({ status: 401 });
    await expect(admit('good')).rejects.toMatchObject({ status: 429 });
  });
});

describe('what a stream’s settings let its publisher do', () => {
  const decide = async (settings: Parameters<StreamsHarness['stream']>[2]) => {
    const { id, key } = await harness.stream(owner, channelId, settings);
    const ask = () => harness.authorizer.authorize({ protocol: 'rtmp', app: '', streamKey: key, peer: '' });
    return { id, ask, decision: await ask() };
  };

  test('bitrate limit, quality preset and frame rate', async () => {
    expect((await decide({ bitrateKbps: 2500, fps: 24, maxResolution: '480p' })).decision).toMatchObject({
      ...{ maxBitrateBps: 2_500_000, maxFrameRate: 24, maxShortSide: 480 },
    });
    const { decision } = await decide({ bitrateKbps: 100_000, maxResolution: 'auto' });
    expect(decision).toMatchObject({ maxBitrateBps: 100_000_000 });
    expect(decision).not.toHaveProperty('maxShortSide');
  });

  test('a stream that says nothing has 6 Mbit/s, 1080p and 30 pictures a second', async () => {
    expect((await decide({})).decision).toMatchObject({
      ...{ maxBitrateBps: 6_000_000, maxFrameRate: 30, maxShortSide: 1080 },
    });
  });

  test('a changed setting holds for the next publisher', async () => {
    const { id, ask } = await decide({ bitrateKbps: 2500, maxResolution: '480p' });
    await harness.database.asService((tx) =>
      sql`UPDATE nchat_streams SET bitrate_kbps = 700, max_resolution = '720p' WHERE id = ${id}`.execute(tx),
    );
    expect(await ask()).toMatchObject({ maxBitrateBps: 700_000, maxShortSide: 720 });
  });
});

describe('a new master key', () => {
  test('lets in what the old one sealed, and seals it anew', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    const newer = { kid: 'k2', bytes: randomBytes(32) };
    const { clock, database, masterKey, streams } = harness;
    const authorizer = (ring: KeyRing): DatabasePublishAuthorizer =>
      new DatabasePublishAuthorizer({ database, ring, streams, clock, log: silentLogger });
    const ask = async (ring: KeyRing): Promise<boolean> =>
      (await authorizer(ring).authorize({ protocol: 'rtmp', app: '', streamKey: key, peer: '' })).allowed;
    const both = new KeyRing([newer, masterKey]);
    expect(await ask(new KeyRing([newer]))).toBe(false);
    expect(await ask(both)).toBe(true);
    await eventually(() => ask(new KeyRing([newer])), 'sealed anew');
    const by = { userId: owner.userId, address: '' };
    expect(await new StreamKeys({ database, ring: new KeyRing([newer]) }).reveal({ id }, by)).toBe(key);
  });
});

describe('while the database is away', () => {
  test('a key that was good within the hour still is, with its stream’s window; others are told to try again', async () => {
    const { id, key } = await harness.stream(owner, channelId, { reconnectWindowSeconds: 300 });
    const fresh = await harness.stream(owner, channelId);
    await harness.publish(key);
    const authorize = (streamKey: string) =>
      harness.authorizer.authorize({ protocol: 'rtmp', app: '', streamKey, peer: '' });
    const away = vi.spyOn(harness.database, 'asService').mockRejectedValue(new Error('connection refused'));
    try {
      expect(await authorize(key)).toMatchObject({ allowed: true, streamId: id, reconnectWindowMs: 300_000 });
      for (const unknown of [fresh.key, keys.get('wrong') ?? '']) {
        expect(await authorize(unknown)).toEqual({
          allowed: false,
          reason: 'the server cannot check stream keys at the moment: try again',
          isGuess: false,
        });
      }
      harness.clock.offsetMs += 3_599_000;
      expect(await authorize(key)).toMatchObject({ allowed: true });
      harness.clock.offsetMs += 2000;
      expect(await authorize(key)).toMatchObject({ allowed: false });
    } finally {
      away.mockRestore();
    }
  });

  test('a key that was replaced is not remembered', async () => {
    const { id, key } = await harness.stream(owner, channelId);
    await harness.publish(key);
    await harness.service.regenerateKey(owner, id, 0);
    const away = vi.spyOn(harness.database, 'asService').mockRejectedValue(new Error('connection refused'));
    try {
      expect(
        await harness.authorizer.authorize({ protocol: 'rtmp', app: '', streamKey: key, peer: '' }),
      ).toMatchObject({ allowed: false });
    } finally {
      away.mockRestore();
    }
  });
});
