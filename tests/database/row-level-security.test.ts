import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANONYMOUS, type Claims } from '../../packages/server/src/db/claims.ts';
import type { Tx } from '../../packages/server/src/db/database.ts';
import { isDenied } from '../../packages/server/src/db/database-error.ts';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import { makeTenant, makeUser, type Tenant } from '../support/two-tenants.ts';

let test_: TestDatabase;
let hidden: Tenant;
let open: Tenant;
let stranger: Tenant['claims'];

beforeAll(async () => {
  test_ = await TestDatabase.create();
  hidden = await makeTenant(test_.database);
  open = await makeTenant(test_.database, false);
  stranger = await makeUser(test_.database);
});
afterAll(() => test_.drop());

function as<T>(claims: Claims, work: (tx: Tx) => Promise<T>): Promise<T> {
  return test_.database.asUser(claims, work);
}

/** True when the statement is refused, or changes no row. */
async function isRefused(
  claims: Claims,
  statement: (tx: Tx) => Promise<{ numAffectedRows?: bigint }>,
): Promise<boolean> {
  try {
    return ((await as(claims, statement)).numAffectedRows ?? 0n) === 0n;
  } catch (error) {
    if (isDenied(error)) return true;
    throw error;
  }
}

/** How many rows of a table point to the stream, for these claims. */
async function count(claims: Claims, table: string, streamId: string): Promise<number> {
  const column = table === 'nchat_streams' ? 'id' : 'stream_id';
  const { rows } = await as(claims, (tx) =>
    sql<{
      n: number;
    }>`SELECT count(*)::int AS n FROM ${sql.table(table)} WHERE ${sql.ref(column)} = ${streamId}`.execute(tx),
  );
  return rows[0]?.n ?? 0;
}

describe('private channels', () => {
  const tables = [
    'nchat_streams',
    'nchat_stream_chat_messages',
    'nchat_stream_chat_counters',
    'nchat_live_streams',
  ];

  test.each([...tables])('%s: nothing of them for strangers, everything for members', async (table) => {
    if (table === 'nchat_live_streams') {
      const live = (claims: Claims) =>
        as(claims, (tx) => tx.selectFrom('nchat_live_streams').select('id').execute());
      expect((await live(stranger)).map(({ id }) => id)).not.toContain(hidden.streamId);
      expect((await live(hidden.claims)).map(({ id }) => id)).toContain(hidden.streamId);
      return;
    }
    expect(await count(stranger, table, hidden.streamId)).toBe(0);
    expect(await count(ANONYMOUS, table, hidden.streamId)).toBe(0);
    expect(await count(hidden.claims, table, hidden.streamId)).toBe(1);
  });

  test('cannot be followed, nor can one be reminded of their streams', async () => {
    const follow = isRefused(stranger, (tx) =>
      sql`INSERT INTO nchat_channel_follows (channel_id, user_id) VALUES (${hidden.channelId}, ${stranger.userId})`.execute(
        tx,
      ),
    );
    expect(await follow).toBe(true);
    const remind = isRefused(stranger, (tx) =>
      sql`INSERT INTO nchat_stream_reminders (stream_id, user_id) VALUES (${hidden.streamId}, ${stranger.userId})`.execute(
        tx,
      ),
    );
    expect(await remind).toBe(true);
    const ask = isRefused(stranger, (tx) =>
      sql`INSERT INTO nchat_stream_questions (id, stream_id, user_id, client_id, content)
        VALUES (${v7()}, ${hidden.streamId}, ${stranger.userId}, 'x', 'y')`.execute(tx),
    );
    expect(await ask).toBe(true);
  });
});

describe('stream keys and viewers’ addresses', () => {
  test.each([
    ['the masked key', sql`SELECT stream_key FROM nchat_streams`],
    ['every column of a stream', sql`SELECT * FROM nchat_streams`],
    ['sealed keys', sql`SELECT 1 FROM nchat_stream_keys`],
    ['addresses', sql`SELECT ip_address FROM nchat_stream_viewers`],
    ['user agents', sql`SELECT user_agent FROM nchat_stream_viewers`],
  ])('%s: not even for the owner, by way of the request role', async (_what, statement) => {
    expect(await isRefused(open.claims, (tx) => statement.execute(tx))).toBe(true);
  });

  test('viewer sessions are seen by their viewer and the owner', async () => {
    expect(await count(open.claims, 'nchat_stream_viewers', open.streamId)).toBe(1);
    expect(await count(stranger, 'nchat_stream_viewers', open.streamId)).toBe(0);
    expect(await count(ANONYMOUS, 'nchat_stream_viewers', open.streamId)).toBe(0);
  });

  test('nobody invents or changes a viewer session', async () => {
    const insert = isRefused(stranger, (tx) =>
      sql`INSERT INTO nchat_stream_viewers (stream_id, session_id) VALUES (${open.streamId}, 'x')`.execute(
        tx,
      ),
    );
    const update = isRefused(stranger, (tx) =>
      sql`UPDATE nchat_stream_viewers SET total_watch_time_seconds = 9`.execute(tx),
    );
    expect([await insert, await update]).toEqual([true, true]);
  });
});

describe('chat', () => {
  function message(claims: Tenant['claims'], seq: number, userId = claims.userId) {
    return (tx: Tx) =>
      sql`INSERT INTO nchat_stream_chat_messages (id, stream_id, user_id, content, seq, client_id)
        VALUES (${v7()}, ${open.streamId}, ${userId}, 'hello', ${seq}, ${v7()})`.execute(tx);
  }

  test('nobody writes in another’s name, or unnamed', async () => {
    expect(await isRefused(stranger, message(stranger, 100, open.claims.userId))).toBe(true);
    expect(
      await isRefused(ANONYMOUS, (tx) =>
        sql`INSERT INTO nchat_stream_chat_messages (id, stream_id, user_id, content, seq, client_id)
          VALUES (${v7()}, ${open.streamId}, ${stranger.userId}, 'hello', 101, 'x')`.execute(tx),
      ),
    ).toBe(true);
  });

  test('numbers are the server’s: a user may lock the counter, and not turn it', async () => {
    await as(stranger, (tx) =>
      sql`SELECT 1 FROM nchat_stream_chat_counters WHERE stream_id = ${open.streamId} FOR UPDATE`.execute(tx),
    );
    for (const claims of [stranger, open.claims]) {
      const turned = isRefused(claims, (tx) =>
        sql`UPDATE nchat_stream_chat_counters SET last_seq = 0 WHERE stream_id = ${open.streamId}`.execute(
          tx,
        ),
      );
      expect(await turned).toBe(true);
    }
  });

  test('the banned cannot write, from the moment of the ban to its end', async () => {
    const banned = await makeUser(test_.database);
    expect(await isRefused(banned, message(banned, 200))).toBe(false);
    const banId = v7();
    await as(open.claims, (tx) =>
      sql`INSERT INTO nchat_stream_bans (id, channel_id, stream_id, user_id, kind, moderator_id, is_permanent)
        VALUES (${banId}, ${open.channelId}, ${open.streamId}, ${banned.userId}, 'ban', ${open.claims.userId}, true)`.execute(
        tx,
      ),
    );
    expect(await isRefused(banned, message(banned, 201))).toBe(true);
    const react = isRefused(banned, (tx) =>
      sql`INSERT INTO nchat_stream_reactions (id, stream_id, user_id, emoji)
        VALUES (${v7()}, ${open.streamId}, ${banned.userId}, '🔥')`.execute(tx),
    );
    expect(await react).toBe(true);
    const lift = (by: Tenant['claims']) => (tx: Tx) =>
      sql`UPDATE nchat_stream_bans SET lifted_at = now(), lifted_by = ${by.userId} WHERE id = ${banId}`.execute(
        tx,
      );
    expect(await isRefused(banned, lift(banned))).toBe(true);
    expect(await isRefused(open.claims, lift(open.claims))).toBe(false);
    expect(await isRefused(banned, message(banned, 202))).toBe(false);
  });

  test('moderators delete and pin others’ messages; others do not; authors delete and do not pin', async () => {
    const [moderator, author] = [await makeUser(test_.database), await makeUser(test_.database)];
    await as(open.claims, (tx) =>
      sql`INSERT INTO nchat_stream_moderators (stream_id, user_id, added_by)
        VALUES (${open.streamId}, ${moderator.userId}, ${open.claims.userId})`.execute(tx),
    );
    const [one, two] = [v7(), v7()];
    for (const [n, id] of [one, two].entries()) {
      await as(author, (tx) =>
        sql`INSERT INTO nchat_stream_chat_messages (id, stream_id, user_id, content, seq, client_id)
          VALUES (${id}, ${open.streamId}, ${author.userId}, 'hello', ${300 + n}, ${id})`.execute(tx),
      );
    }
    const remove = (id: string, by: string) => (tx: Tx) =>
      sql`UPDATE nchat_stream_chat_messages SET is_deleted = true, deleted_at = now(), deleted_by = ${by} WHERE id = ${id}`.execute(
        tx,
      );
    const pin = (id: string, by: string) => (tx: Tx) =>
      sql`UPDATE nchat_stream_chat_messages SET is_pinned = true, pinned_at = now(), pinned_by = ${by} WHERE id = ${id}`.execute(
        tx,
      );
    expect(await isRefused(stranger, remove(one, stranger.userId))).toBe(true);
    expect(await isRefused(stranger, pin(one, stranger.userId))).toBe(true);
    expect(await isRefused(author, pin(one, author.userId))).toBe(true);
    expect(await isRefused(moderator, pin(one, moderator.userId))).toBe(false);
    expect(await isRefused(moderator, remove(one, open.claims.userId))).toBe(true);
    expect(await isRefused(moderator, remove(one, moderator.userId))).toBe(false);
    expect(await isRefused(author, remove(two, author.userId))).toBe(false);
    const undelete = (tx: Tx) =>
      sql`UPDATE nchat_stream_chat_messages SET is_deleted = false WHERE id = ${two}`.execute(tx);
    expect(await isRefused(author, undelete)).toBe(true);
    const reword = (tx: Tx) =>
      sql`UPDATE nchat_stream_chat_messages SET content = 'other' WHERE id = ${two}`.execute(tx);
    expect(await isRefused(author, reword)).toBe(true);
  });
});

describe('streams and channels', () => {
  test('are made, changed and removed by whom they belong to', async () => {
    const make = (claims: Tenant['claims'], broadcaster: string) => (tx: Tx) =>
      sql`INSERT INTO nchat_streams (id, channel_id, broadcaster_id, title)
        VALUES (${v7()}, ${open.channelId}, ${broadcaster}, ${claims.userId})`.execute(tx);
    expect(await isRefused(stranger, make(stranger, stranger.userId))).toBe(true);
    expect(await isRefused(open.claims, make(open.claims, stranger.userId))).toBe(true);
    expect(await isRefused(open.claims, make(open.claims, open.claims.userId))).toBe(false);
    for (const statement of [
      sql`UPDATE nchat_streams SET title = 'mine' WHERE id = ${open.streamId}`,
      sql`DELETE FROM nchat_streams WHERE id = ${open.streamId}`,
      sql`UPDATE nchat_channels SET name = 'mine' WHERE id = ${open.channelId}`,
      sql`DELETE FROM nchat_channels WHERE id = ${open.channelId}`,
      sql`INSERT INTO nchat_channel_members (channel_id, user_id, role) VALUES (${open.channelId}, ${stranger.userId}, 'owner')`,
      sql`INSERT INTO nchat_stream_moderators (stream_id, user_id) VALUES (${open.streamId}, ${stranger.userId})`,
      sql`INSERT INTO nchat_stream_bans (id, channel_id, user_id, kind, moderator_id, is_permanent)
        VALUES (${v7()}, ${open.channelId}, ${open.claims.userId}, 'ban', ${stranger.userId}, true)`,
      sql`INSERT INTO nchat_channel_subscriptions (channel_id, user_id) VALUES (${open.channelId}, ${stranger.userId})`,
      sql`INSERT INTO nchat_stream_moderation_log (id, stream_id, moderator_id, action)
        VALUES (${v7()}, ${open.streamId}, ${stranger.userId}, 'x')`,
    ]) {
      expect(await isRefused(stranger, (tx) => statement.execute(tx))).toBe(true);
      expect(await isRefused(ANONYMOUS, (tx) => statement.execute(tx))).toBe(true);
    }
  });

  test('counters and keys are not changed by their owners either', async () => {
    for (const statement of [
      sql`UPDATE nchat_streams SET peak_viewer_count = 9 WHERE id = ${open.streamId}`,
      sql`UPDATE nchat_streams SET stream_key = 'x' WHERE id = ${open.streamId}`,
      sql`UPDATE nchat_streams SET channel_id = ${hidden.channelId} WHERE id = ${open.streamId}`,
      sql`UPDATE nchat_streams SET broadcaster_id = ${stranger.userId} WHERE id = ${open.streamId}`,
      sql`UPDATE nchat_live_accounts SET server_role = 'admin'`,
      sql`INSERT INTO nchat_stream_notifications (id, user_id, stream_id, kind)
        VALUES (${v7()}, ${open.claims.userId}, ${open.streamId}, 'x')`,
    ]) {
      expect(await isRefused(open.claims, (tx) => statement.execute(tx))).toBe(true);
    }
  });

  test('what is one’s own is nobody else’s', async () => {
    const mine = (userId: string) => (tx: Tx) =>
      sql`INSERT INTO nchat_channel_follows (channel_id, user_id) VALUES (${open.channelId}, ${userId})`.execute(
        tx,
      );
    expect(await isRefused(stranger, mine(open.claims.userId))).toBe(true);
    expect(await isRefused(stranger, mine(stranger.userId))).toBe(false);
    const others = await as(open.claims, (tx) =>
      tx.selectFrom('nchat_channel_follows').selectAll().execute(),
    );
    expect(others).toEqual([]);
  });
});

describe('metrics', () => {
  test('partitions are made and removed by the service alone', async () => {
    for (const call of [
      sql`SELECT tallylight.ensure_metrics_partition('2031-05-05')`,
      sql`SELECT tallylight.drop_metrics_partitions('2031-05-05')`,
    ]) {
      expect(await isRefused({ ...stranger, role: 'admin' }, (tx) => call.execute(tx))).toBe(true);
    }
    const partitions = (tx: Tx) =>
      sql<{ name: string }>`SELECT inhrelid::regclass::text AS name FROM pg_inherits
        WHERE inhparent = 'nchat_stream_quality_metrics'::regclass AND inhrelid::regclass::text LIKE '%2019%'`.execute(
        tx,
      );
    const made = await test_.database.asService(async (tx) => {
      await sql`SELECT tallylight.ensure_metrics_partition('2019-05-05')`.execute(tx);
      await sql`SELECT tallylight.ensure_metrics_partition('2019-05-06')`.execute(tx);
      await sql`SELECT tallylight.ensure_metrics_partition('2019-06-01')`.execute(tx);
      await sql`SELECT tallylight.drop_metrics_partitions('2019-06-30 23:59:59+00')`.execute(tx);
      return partitions(tx);
    });
    expect(made.rows.map(({ name }) => name)).toEqual(['nchat_stream_quality_metrics_2019_06']);
    await test_.database.asService((tx) =>
      sql`SELECT tallylight.drop_metrics_partitions('2019-07-01 00:00+00')`.execute(tx),
    );
    expect((await test_.database.asService(partitions)).rows).toEqual([]);
  });
});
