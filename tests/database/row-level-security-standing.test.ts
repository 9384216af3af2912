import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Tx } from '../../packages/server/src/db/database.ts';
import { isDenied } from '../../packages/server/src/db/database-error.ts';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import { makeTenant, makeUser, type Tenant } from '../support/two-tenants.ts';

type Person = Tenant['claims'];

let postgres: TestDatabase;
let open: Tenant;

beforeAll(async () => {
  postgres = await TestDatabase.create();
});
beforeEach(async () => {
  open = await makeTenant(postgres.database, false);
});
afterAll(() => postgres.drop());

/** How many rows a statement changed or read; `denied` when it was refused. */
async function affected(
  claims: Person,
  statement: (tx: Tx) => Promise<{ numAffectedRows?: bigint; rows: unknown[] }>,
): Promise<number | 'denied'> {
  try {
    const { numAffectedRows, rows } = await postgres.database.asUser(claims, statement);
    return Number(numAffectedRows ?? rows.length);
  } catch (error) {
    if (isDenied(error)) return 'denied';
    throw error;
  }
}

async function join(tenant: Tenant, role: string): Promise<Person> {
  const person = await makeUser(postgres.database);
  await postgres.database.asService((tx) =>
    tx
      .insertInto('nchat_channel_members')
      .values({ channel_id: tenant.channelId, user_id: person.userId, role })
      .execute(),
  );
  return person;
}

async function appoint(): Promise<Person> {
  const person = await makeUser(postgres.database);
  await postgres.database.asUser(open.claims, (tx) =>
    sql`INSERT INTO nchat_stream_moderators (stream_id, user_id, added_by)
      VALUES (${open.streamId}, ${person.userId}, ${open.claims.userId})`.execute(tx),
  );
  return person;
}

async function bar(by: Person, target: Person, kind = 'ban', tenant = open): Promise<string> {
  const id = v7();
  await postgres.database.asUser(by, (tx) =>
    sql`INSERT INTO nchat_stream_bans (id, channel_id, stream_id, user_id, kind, moderator_id, is_permanent)
      VALUES (${id}, ${tenant.channelId}, ${tenant.streamId}, ${target.userId}, ${kind}, ${by.userId}, true)`.execute(
      tx,
    ),
  );
  return id;
}

const lift = (by: Person, banId: string) =>
  affected(by, (tx) =>
    sql`UPDATE nchat_stream_bans SET lifted_at = now(), lifted_by = ${by.userId} WHERE id = ${banId}`.execute(
      tx,
    ),
  );

const pin = (by: Person) =>
  affected(by, (tx) =>
    sql`UPDATE nchat_stream_chat_messages SET is_highlighted = NOT is_highlighted WHERE id = ${open.messageId}`.execute(
      tx,
    ),
  );

describe('moderators who are barred', () => {
  test.each([
    ['the stream’s', 'ban'],
    ['the stream’s', 'timeout'],
    ['the channel’s', 'ban'],
    ['the channel’s', 'timeout'],
  ])('%s, by a %s: change nothing and lift nothing', async (whose, kind) => {
    const moderator = whose === 'the stream’s' ? await appoint() : await join(open, 'moderator');
    const viewer = await makeUser(postgres.database);
    const earlier = await bar(moderator, viewer);
    expect(await pin(moderator)).toBe(1);
    const own = await bar(open.claims, moderator, kind);
    expect(await pin(moderator)).toBe(0);
    expect(await lift(moderator, own)).toBe(0);
    expect(await lift(moderator, earlier)).toBe(0);
    await expect(bar(moderator, viewer)).rejects.toSatisfy(isDenied);
    expect(await lift(open.claims, own)).toBe(1);
    expect(await lift(moderator, earlier)).toBe(1);
  });

  test('nobody lifts a superior’s, nor a channel’s admin their own', async () => {
    const [moderator, viewer] = [await appoint(), await makeUser(postgres.database)];
    const [ownersBan, channelModerator] = [await bar(open.claims, viewer), await join(open, 'moderator')];
    const above = await bar(channelModerator, viewer);
    expect([await lift(moderator, ownersBan), await lift(channelModerator, ownersBan)]).toEqual([0, 0]);
    expect([await lift(moderator, above), await lift(open.claims, above)]).toEqual([0, 1]);
    const admin = await join(open, 'admin');
    expect(await lift(admin, await bar(open.claims, admin))).toBe(0);
  });
});

describe('broadcasters who were put out of the channel', () => {
  const rights = async ({ userId }: Person, streamId: string) => {
    const { rows } = await postgres.database.asUser({ userId, role: 'user' }, (tx) =>
      sql<{ owns: boolean; moderates: boolean; sees: boolean; attends: boolean }>`
        SELECT tallylight.owns_stream(${streamId}) AS owns, tallylight.moderates_stream(${streamId}) AS moderates,
          tallylight.may_view_stream(${streamId}) AS sees, tallylight.may_attend(${streamId}) AS attends`.execute(
        tx,
      ),
    );
    return rows[0];
  };

  test.each([
    ['broadcaster', 'viewer', true],
    ['member', 'viewer', true],
    ['broadcaster', undefined, false],
    ['member', undefined, false],
  ] as const)('from %s to %s: their streams are the channel’s', async (role, later, sees) => {
    const hidden = await makeTenant(postgres.database);
    const former = await join(hidden, role);
    const streamId = v7();
    await postgres.database.asUser(former, (tx) =>
      sql`INSERT INTO nchat_streams (id, channel_id, broadcaster_id, title)
        VALUES (${streamId}, ${hidden.channelId}, ${former.userId}, 'mine')`.execute(tx),
    );
    const rename = (by: Person) =>
      affected(by, (tx) =>
        sql`UPDATE nchat_streams SET visibility = 'public' WHERE id = ${streamId}`.execute(tx),
      );
    const remove = (by: Person) =>
      affected(by, (tx) => sql`DELETE FROM nchat_streams WHERE id = ${streamId}`.execute(tx));
    expect(await rights(former, streamId)).toEqual({
      owns: true,
      moderates: true,
      sees: true,
      attends: true,
    });
    expect(await rename(former)).toBe(1);
    await postgres.database.asService(async (tx) => {
      if (later === undefined) {
        await tx.deleteFrom('nchat_channel_members').where('user_id', '=', former.userId).execute();
      } else {
        const members = tx.updateTable('nchat_channel_members').set({ role: later });
        await members.where('user_id', '=', former.userId).execute();
      }
    });
    expect(await rights(former, streamId)).toEqual({ owns: false, moderates: false, sees, attends: sees });
    expect([await rename(former), await remove(former), await remove(hidden.claims)]).toEqual([0, 0, 1]);
  });
});

describe('who is banned from a stream that is not for everybody', () => {
  test('reads nothing of what is said there, until the ban is lifted; a time-out and an open stream are otherwise', async () => {
    const hidden = await makeTenant(postgres.database);
    const member = await join(hidden, 'viewer');
    for (const [n, tenant] of [hidden, open].entries()) {
      await postgres.database.asService(async (tx) => {
        const [stream_id, user_id] = [tenant.streamId, tenant.claims.userId];
        await tx
          .insertInto('nchat_stream_questions')
          .values({ id: v7(), stream_id, user_id, client_id: `q${n}`, content: 'why?' })
          .execute();
        await tx
          .insertInto('nchat_stream_reactions')
          .values({ id: v7(), stream_id, user_id, emoji: '🔥' })
          .execute();
      });
    }
    const reads = async ({ streamId }: Tenant) => {
      const counts = [];
      for (const table of ['chat_messages', 'chat_counters', 'questions', 'reactions']) {
        counts.push(
          await affected(member, (tx) =>
            sql`SELECT 1 FROM ${sql.table(`nchat_stream_${table}`)} WHERE stream_id = ${streamId}`.execute(
              tx,
            ),
          ),
        );
      }
      return counts;
    };
    await bar(hidden.claims, member, 'timeout', hidden);
    expect(await reads(hidden)).toEqual([1, 1, 1, 1]);
    const ban = await bar(hidden.claims, member, 'ban', hidden);
    expect(await reads(hidden)).toEqual([0, 0, 0, 0]);
    expect(await lift(hidden.claims, ban)).toBe(1);
    expect(await reads(hidden)).toEqual([1, 1, 1, 1]);
    await bar(open.claims, member);
    expect(await reads(open)).toEqual([1, 1, 1, 1]);
  });
});

describe('records', () => {
  test('who deleted a message stays written', async () => {
    const author = await makeUser(postgres.database);
    const id = v7();
    await postgres.database.asUser(author, (tx) =>
      sql`INSERT INTO nchat_stream_chat_messages (id, stream_id, user_id, content, seq, client_id)
        VALUES (${id}, ${open.streamId}, ${author.userId}, 'hello', 500, 'one')`.execute(tx),
    );
    const set = (by: Person, deletedBy: string | null) =>
      affected(by, (tx) =>
        sql`UPDATE nchat_stream_chat_messages SET is_deleted = true, deleted_at = now(), deleted_by = ${deletedBy}
          WHERE id = ${id}`.execute(tx),
      );
    expect(await set(author, null)).toBe('denied');
    expect(await set(open.claims, open.claims.userId)).toBe(1);
    expect(await set(author, author.userId)).toBe('denied');
    expect(await set(author, null)).toBe('denied');
    // The database itself forgets somebody who is no more.
    await postgres.database.asService((tx) =>
      tx.deleteFrom('users').where('id', '=', open.claims.userId).execute(),
    );
  });

  test('settings and reminders tell nobody which private channels and streams there are', async () => {
    const [hidden, stranger] = [await makeTenant(postgres.database), await makeUser(postgres.database)];
    const settle = (channelId: string) =>
      affected(stranger, (tx) =>
        sql`INSERT INTO nchat_stream_notification_settings (user_id, channel_id) VALUES (${stranger.userId}, ${channelId})`.execute(
          tx,
        ),
      );
    const remind = (streamId: string) =>
      affected(stranger, (tx) =>
        sql`INSERT INTO nchat_stream_reminders (user_id, stream_id) VALUES (${stranger.userId}, ${streamId})`.execute(
          tx,
        ),
      );
    expect([await settle(hidden.channelId), await settle(v7())]).toEqual(['denied', 'denied']);
    expect([await remind(hidden.streamId), await remind(v7())]).toEqual(['denied', 'denied']);
    expect([await settle(open.channelId), await remind(open.streamId)]).toEqual([1, 1]);
    const moveTo = (table: string, column: string, id: string) =>
      affected(stranger, (tx) => sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${id}`.execute(tx));
    expect(await moveTo('nchat_stream_notification_settings', 'channel_id', hidden.channelId)).toBe('denied');
    expect(await moveTo('nchat_stream_reminders', 'stream_id', hidden.streamId)).toBe('denied');
  });
});

describe('functions', () => {
  test('are for our roles alone, each by name', async () => {
    const { rows } = await postgres.database.asService((tx) =>
      sql<{ name: string; is_definer: boolean; everybody: boolean }>`
        SELECT p.oid::regprocedure::text AS name, p.prosecdef AS is_definer,
          EXISTS (SELECT 1 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0) AS everybody
        FROM pg_proc p WHERE p.pronamespace = 'tallylight'::regnamespace`.execute(tx),
    );
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter(({ everybody }) => everybody).map(({ name }) => name)).toEqual([]);
    expect(rows.find(({ name }) => name.includes('replace_stream_key'))).toMatchObject({ is_definer: true });
  });

  test.each([
    'may_be_told',
    'may_be_reminded',
    'chat_is_open',
    'send_chat',
    'ensure_metrics_partition',
    'drop_metrics_partitions',
  ])('%s is the server’s', async (name) => {
    const { rows } = await postgres.database.asService((tx) =>
      sql<{ user: boolean; service: boolean }>`
        SELECT has_function_privilege('tallylight_request', p.oid, 'EXECUTE') AS user,
          has_function_privilege('tallylight_service', p.oid, 'EXECUTE') AS service
        FROM pg_proc p WHERE p.pronamespace = 'tallylight'::regnamespace AND p.proname = ${name}`.execute(tx),
    );
    expect(rows).toEqual([{ user: false, service: true }]);
  });
});
