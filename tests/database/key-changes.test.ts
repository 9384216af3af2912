import { sql } from 'kysely';
import { Client } from 'pg';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { CLIENT_ADDRESS, ControlServer } from '../support/control-server.ts';

/** What issue 4 gives a revoked key until its publisher is cut, in milliseconds. */
const CUT_WITHIN_MS = 2000;

let server: ControlServer;
let token: string;
const channelId = v7();

beforeAll(async () => {
  server = await ControlServer.start();
  const owner = v7();
  await server.test.database.asService(async (tx) => {
    await tx.insertInto('users').values({ id: owner, username: 'owner' }).execute();
    await tx.insertInto('nchat_live_accounts').values({ user_id: owner }).execute();
    await tx.insertInto('nchat_channels').values({ id: channelId, name: 'A channel' }).execute();
    const member = { channel_id: channelId, user_id: owner, role: 'owner' };
    await tx.insertInto('nchat_channel_members').values(member).execute();
  });
  token = await server.tokenOf(owner);
});
afterAll(() => server.close());

async function call(method: string, path: string, value: object = {}): Promise<Record<string, unknown>> {
  const sent = JSON.stringify(value);
  const { status, body } = await fetchOnce(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(method === 'GET'
        ? {}
        : { 'content-length': String(Buffer.byteLength(sent)), 'content-type': 'application/json' }),
    },
    body: method === 'GET' ? '' : sent,
  });
  if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()) as Record<string, unknown>;
}

const authorize = (streamKey: string) =>
  server.plane.publishAuthorizer.authorize({ protocol: 'rtmp', app: '', peer: CLIENT_ADDRESS, streamKey });

/** A stream whose publisher is connected. */
async function publish(): Promise<{
  readonly streamId: string;
  readonly keyId: string;
  readonly key: string;
}> {
  const made = await call('POST', '/api/streams/create', { channelId, title: 'A stream', autoStart: true });
  const { streamKey } = await call('GET', `/api/streams/${String(made['id'])}/key`);
  const key = String(streamKey);
  const decision = await authorize(key);
  if (!decision.allowed) throw new Error(decision.reason);
  server.live.connect(decision.streamId, decision.keyId);
  await expect
    .poll(async () => (await call('GET', `/api/streams/${decision.streamId}`))['status'], { timeout: 10_000 })
    .toBe('live');
  return { streamId: decision.streamId, keyId: decision.keyId, key };
}

/** Somebody's SQL, past this server. */
const elsewhere = (statement: ReturnType<typeof sql>) =>
  server.test.database.asService((tx) => statement.execute(tx));

const isCut = (keyId: string) =>
  expect.poll(() => server.live.revoked.includes(keyId), { timeout: CUT_WITHIN_MS });

describe('a stream key that is changed in the database', () => {
  test.each([
    ['revoked', (id: string) => sql`UPDATE nchat_stream_keys SET revoked_at = now() WHERE id = ${id}`],
    ['deleted', (id: string) => sql`DELETE FROM nchat_stream_keys WHERE id = ${id}`],
    ['expired', (id: string) => sql`UPDATE nchat_stream_keys SET expires_at = now() WHERE id = ${id}`],
    [
      'given half a second',
      (id: string) =>
        sql`UPDATE nchat_stream_keys SET expires_at = now() + interval '500 ms' WHERE id = ${id}`,
    ],
  ])('%s: what publishes with it is cut within 2 s, and nothing else', async (_how, change) => {
    const [cut, other] = [await publish(), await publish()];
    await elsewhere(change(cut.keyId));
    await isCut(cut.keyId).toBe(true);
    expect(server.live.revoked).not.toContain(other.keyId);
    expect(await authorize(cut.key)).toMatchObject({ allowed: false });
  });

  test('the end of an overlap, and a date that is far away, cut nobody', async () => {
    const [overlapping, later] = [await publish(), await publish()];
    await call('POST', `/api/streams/${overlapping.streamId}/regenerate-key`, { overlapSeconds: 60 });
    await elsewhere(
      sql`UPDATE nchat_stream_keys SET expires_at = now() - interval '1 s' WHERE id = ${overlapping.keyId}`,
    );
    await elsewhere(sql`UPDATE nchat_stream_keys SET expires_at = 'infinity' WHERE id = ${later.keyId}`);
    const last = await publish();
    await elsewhere(sql`UPDATE nchat_stream_keys SET revoked_at = now() WHERE id = ${last.keyId}`);
    await isCut(last.keyId).toBe(true);
    expect(server.live.revoked).not.toContain(overlapping.keyId);
    expect(server.live.revoked).not.toContain(later.keyId);
  });

  test('while nobody listened: all keys are asked for again when somebody does, also those that are only remembered', async () => {
    const [cut, kept] = [await publish(), await publish()];
    const gone = await publish();
    server.live.tell({ type: 'publisher-lost', streamId: gone.streamId, reason: 'connection-lost' });
    const { pool } = server.test.database;
    await pool.query('ALTER TABLE nchat_stream_keys DISABLE TRIGGER tallylight_tell_key');
    await elsewhere(
      sql`UPDATE nchat_stream_keys SET revoked_at = now() WHERE id IN (${cut.keyId}, ${gone.keyId})`,
    );
    await pool.query('ALTER TABLE nchat_stream_keys ENABLE TRIGGER tallylight_tell_key');
    expect(server.live.revoked).not.toContain(cut.keyId);
    await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'tallylight access'`);
    await isCut(cut.keyId).toBe(true);
    expect(server.live.revoked).not.toContain(kept.keyId);
    // Asked for at the same moment; without the database only what is remembered opens the door.
    await withoutDatabase(async () => {
      await expect.poll(async () => (await authorize(gone.key)).allowed, { timeout: 10_000 }).toBe(false);
      expect(await authorize(kept.key)).toMatchObject({ allowed: true });
    });
  });

  test('what is told of it is its id, and it is not told each time that it is used', async () => {
    const { keyId, streamId, key } = await publish();
    const told: string[] = [];
    const client = new Client({ connectionString: server.test.url });
    await client.connect();
    client.on('notification', ({ payload }) => told.push(payload ?? ''));
    await client.query('LISTEN tallylight_access');
    try {
      await authorize(key);
      await expect
        .poll(
          async () => {
            const { rows } = await server.test.database.asService((tx) =>
              sql<{ used: boolean }>`SELECT last_used_at IS NOT NULL AS used FROM nchat_stream_keys
              WHERE id = ${keyId}`.execute(tx),
            );
            return rows[0]?.used;
          },
          { timeout: 10_000 },
        )
        .toBe(true);
      await elsewhere(
        sql`UPDATE nchat_stream_keys SET expires_at = now() + interval '1 h' WHERE id = ${keyId}`,
      );
      await elsewhere(sql`DELETE FROM nchat_streams WHERE id = ${streamId}`);
      await expect.poll(() => told, { timeout: 10_000 }).toEqual([`key ${keyId}`, `key ${keyId}`]);
    } finally {
      await client.end();
    }
  });
});

/** PostgreSQL lets nobody of ours in meanwhile. */
async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: process.env['TEST_DATABASE_URL'] });
  await admin.connect();
  const name = new URL(server.test.url).pathname.slice(1);
  const close = `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`;
  const cut = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1';
  try {
    await admin.query(close);
    await admin.query(cut, [name]);
    await work();
  } finally {
    await admin.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
    await admin.end();
  }
}
