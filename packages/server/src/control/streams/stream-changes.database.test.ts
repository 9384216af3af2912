import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import { silentLogger } from '../../platform/logger.ts';
import { AccessListener } from '../accounts/access-listener.ts';
import { eventually, StreamsHarness } from './testing/streams-harness.ts';

let harness: StreamsHarness;
let owner: Awaited<ReturnType<StreamsHarness['person']>>;
let member: Awaited<ReturnType<StreamsHarness['person']>>;
let channelId: string;

beforeAll(async () => {
  harness = await StreamsHarness.create();
  owner = await harness.person('owner');
  member = await harness.person('member');
  channelId = await harness.channel({ owner, viewer: member });
});
afterAll(() => harness.close());

/** SQL of a host app, as the server sees none of it. */
function elsewhere(work: ReturnType<typeof sql>): Promise<unknown> {
  return harness.database.asService((tx) => work.execute(tx));
}

test('a stream that goes live while it is being changed stays live', async () => {
  const { id } = await harness.stream(owner, channelId, { scheduledAt: '2030-01-01T00:00:00Z' });
  let change: Promise<unknown> | undefined;
  await harness.database.asService(async (tx) => {
    await sql`UPDATE nchat_streams SET status = 'live' WHERE id = ${id}`.execute(tx);
    change = harness.service.update(owner, id, { scheduledAt: '2031-01-01T00:00:00Z' });
    change.catch(() => undefined);
    await eventually(async () => {
      const { rows } = await harness.database.pool.query(`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`);
      return rows.length > 0;
    }, 'the change waits for the row');
  });
  await expect(change).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await harness.column(id, 'status')).toBe('live');
});

test('the clock of changes never goes back, whoever writes it', async () => {
  const { id } = await harness.stream(owner, channelId);
  const at = async (): Promise<number> => ((await harness.column(id, 'updated_at')) as Date).getTime();
  const before = await at();
  await elsewhere(sql`UPDATE nchat_streams SET updated_at = '2020-01-01', title = 'x' WHERE id = ${id}`);
  const between = await at();
  expect(between).toBeGreaterThan(before);
  await elsewhere(sql`UPDATE nchat_streams SET visibility = 'unlisted' WHERE id = ${id}`);
  expect(await at()).toBeGreaterThan(between);
});

test('only what is another now is told', async () => {
  const { id } = await harness.stream(owner, channelId, { visibility: 'private' });
  await harness.service.update(owner, id, { visibility: 'private', title: 'Other' });
  const told = harness.told.at(-1)?.payload as { changes: object } | undefined;
  expect(Object.keys(told?.changes ?? {}).sort()).toEqual(['title', 'updatedAt']);
});

test('the end of an overlap closes the door to new connections, and cuts nobody', async () => {
  const { id, key } = await harness.stream(owner, channelId);
  const { keyId } = await harness.publish(key);
  await harness.service.regenerateKey(owner, id, 600);
  await elsewhere(sql`UPDATE nchat_stream_keys SET expires_at = now() - interval '1 s' WHERE id = ${keyId}`);
  expect(await harness.authorizer.mayGoOnForMs(keyId)).toBe(Number.POSITIVE_INFINITY);
  await expect(harness.publish(key)).rejects.toThrow('expired');
});

test('a key that is revoked is gone, what publishes with it is cut, and another can be made', async () => {
  const { id, key } = await harness.stream(owner, channelId);
  const { keyId } = await harness.publish(key);
  await expect(harness.service.revokeKey(member, id)).rejects.toMatchObject({ code: 'STREAM_UNAUTHORIZED' });
  expect(harness.live.revoked).not.toContain(keyId);
  await harness.service.revokeKey(owner, id);
  expect(harness.live.revoked).toContain(keyId);
  await expect(harness.publish(key)).rejects.toThrow();
  expect(await harness.authorizer.mayGoOnForMs(keyId)).toBe(0);
  await expect(harness.service.revealKey(owner, id, '127.0.0.1')).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await harness.service.revokeKey(owner, id);
  await expect(harness.publish(await harness.service.regenerateKey(owner, id, 0))).resolves.toMatchObject({
    streamId: id,
  });
});

test('what a host app changes in the database is heard, and after a lost connection all is asked again', async () => {
  const { events, watching } = harness;
  const heard: string[] = [];
  events.on('access-changed', ({ userId }) => heard.push(userId));
  events.on('channel-changed', (told) => heard.push(told.channelId));
  events.on('access-missed', () => heard.push('all'));
  const listener = new AccessListener({
    connectionString: harness.database.pool.options.connectionString ?? '',
    log: silentLogger,
    retryMs: 10,
    onChange: (userId) => events.emit('access-changed', { userId }),
    onChannel: (id) => events.emit('channel-changed', { channelId: id }),
    onMissed: () => events.emit('access-missed'),
  });
  await listener.open();
  try {
    const { id, key } = await harness.stream(owner, channelId, { autoStart: true });
    await harness.publish(key);
    const may = async (token?: string) =>
      watching.authorize({ streamId: id, address: '192.0.2.1', ...(token === undefined ? {} : { token }) });
    await eventually(async () => (await may()) === 'public', 'live');
    const isHeard = (what: string) => eventually(() => heard.splice(0).includes(what), what, 2000);
    await elsewhere(sql`UPDATE nchat_channels SET is_private = true WHERE id = ${channelId}`);
    await isHeard(channelId);
    await eventually(async () => (await may()) === 'denied', 'private', 2000);

    const { token } = watching.issue(member, id, 'view');
    expect(await may(token)).toBe('private');
    await elsewhere(
      sql`INSERT INTO nchat_stream_moderators (stream_id, user_id) VALUES (${id}, ${member.userId})`,
    );
    await isHeard(member.userId);
    await elsewhere(sql`DELETE FROM nchat_stream_moderators WHERE user_id = ${member.userId}`);
    await isHeard(member.userId);
    await elsewhere(sql`INSERT INTO nchat_stream_bans (id, channel_id, user_id, kind, is_permanent)
      VALUES (gen_random_uuid(), ${channelId}, ${member.userId}, 'ban', true)`);
    await isHeard(member.userId);
    await eventually(async () => (await may(token)) === 'denied', 'out', 2000);

    await elsewhere(sql`DELETE FROM nchat_stream_bans`);
    await isHeard(member.userId);
    harness.clock.offsetMs += 10;
    const later = watching.issue(member, id, 'view').token;
    expect(await may(later)).toBe('private');
    const watched: (string | undefined)[] = [];
    const stop = watching.onRevoked((streamId, mayStay) => {
      if (streamId === id && !mayStay(later)) watched.push(streamId);
    });
    const { pool } = harness.database;
    await pool.query('ALTER TABLE nchat_channel_members DISABLE TRIGGER tallylight_tell_member');
    await elsewhere(sql`DELETE FROM nchat_channel_members WHERE user_id = ${member.userId}`);
    await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'tallylight access'`);
    await isHeard('all');
    await eventually(() => watched.length > 0, 'who watches is put out', 2000);
    await eventually(async () => (await may(later)) === 'denied', 'asked again', 2000);
    stop();
    expect(await may()).toBe('denied');
    await expect(harness.service.get(NOBODY, id)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  } finally {
    await listener.close();
  }
});
