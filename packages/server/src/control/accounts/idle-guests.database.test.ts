import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_ACCOUNTS_LIMITS } from './accounts-limits.ts';
import { AccountServer, type SignedIn, signedIn } from './testing/account-server.ts';

const DAYS = 10;
let server: AccountServer;
let member: SignedIn;
let streamId: string;

beforeAll(async () => {
  server = await AccountServer.open({
    limits: { ...DEFAULT_ACCOUNTS_LIMITS, guestRetentionDays: DAYS, sessionDays: 30 },
  });
  member = await server.signUp('member@live.test', 'Member');
  streamId = v7();
  const channelId = v7();
  await run(sql`INSERT INTO nchat_channels (id, name) VALUES (${channelId}, 'A channel')`);
  await run(sql`INSERT INTO nchat_streams (id, channel_id, broadcaster_id, title, status)
    VALUES (${streamId}, ${channelId}, ${member.userId}, 'A stream', 'live')`);
});
afterAll(() => server.close());
// What one test left is not for the next one to find.
afterEach(() => run(sql`DELETE FROM accounts."user" WHERE is_anonymous`));

async function run<T>(statement: ReturnType<typeof sql<T>>): Promise<readonly T[]> {
  return (await server.test.database.asService((tx) => statement.execute(tx))).rows;
}

/** A guest who was made so many days ago and signed out, or whose session ended by itself, so many days ago. */
async function guest(name: string, days: number): Promise<SignedIn> {
  const made = signedIn(await server.auth('POST', '/sign-in/anonymous', { name }));
  await run(sql`UPDATE accounts."user" SET created_at = now() - ${days} * interval '1 day',
    updated_at = now() - ${days} * interval '1 day' WHERE id = ${made.userId}`);
  await run(
    sql`UPDATE accounts.session SET updated_at = now() - ${days} * interval '1 day' WHERE user_id = ${made.userId}`,
  );
  await run(sql`DELETE FROM accounts.session WHERE user_id = ${made.userId}`);
  return made;
}

let seq = 0;
async function says(person: SignedIn, days: number): Promise<string> {
  const id = v7();
  await run(sql`INSERT INTO nchat_stream_chat_messages (id, stream_id, user_id, content, seq, client_id, created_at)
    VALUES (${id}, ${streamId}, ${person.userId}, 'hello', ${++seq}, ${id}, now() - ${days} * interval '1 day')`);
  return id;
}

async function isThere(userId: string): Promise<boolean> {
  return (await run(sql`SELECT 1 FROM accounts."user" WHERE id = ${userId}`)).length > 0;
}

const remove = () => server.accounts.removeIdleGuests();

describe('a guest who was not seen for long', () => {
  test('is removed on the day after the last one that they are kept, wholly when they left nothing behind', async () => {
    const kept = await guest('Kept', DAYS - 0.01);
    const gone = await guest('Gone', DAYS + 0.01);
    expect(await remove()).toBe(1);
    expect([await isThere(kept.userId), await isThere(gone.userId)]).toEqual([true, false]);
    expect(await run(sql`SELECT 1 FROM users WHERE id = ${gone.userId}`)).toEqual([]);
    expect(await remove()).toBe(0);
  });

  test('leaves what they wrote, in nobody’s name, and takes along what was theirs alone', async () => {
    const gone = await guest('Chatty', DAYS + 2);
    const messageId = await says(gone, DAYS + 1);
    await run(
      sql`INSERT INTO nchat_user_follows (followed_id, user_id) VALUES (${member.userId}, ${gone.userId})`,
    );
    expect(await remove()).toBe(1);
    expect(await isThere(gone.userId)).toBe(false);
    expect(
      await run(sql`SELECT m.content, u.username, u.display_name, u.avatar_url
        FROM nchat_stream_chat_messages m JOIN users u ON u.id = m.user_id WHERE m.id = ${messageId}`),
    ).toEqual([{ content: 'hello', username: null, display_name: null, avatar_url: null }]);
    expect(await run(sql`SELECT 1 FROM nchat_user_follows WHERE user_id = ${gone.userId}`)).toEqual([]);
    // Not an account that administrators see, and not one to be removed again.
    const admin = await server.admin();
    const listed = await server.api('GET', '/api/admin/accounts', undefined, { headers: admin.cookie });
    expect(JSON.stringify(listed.body)).not.toContain(gone.userId);
    expect(await remove()).toBe(0);
    expect((await server.accounts.resolver.resolve(gone.cookie)).userId).toBeUndefined();
  });

  test('are removed many at a time', async () => {
    await run(sql`INSERT INTO accounts."user" (id, name, email, email_verified, is_anonymous, created_at, updated_at)
      SELECT gen_random_uuid(), 'Many', n || '@guest.invalid', false, true, now() - interval '1 year', now() - interval '1 year'
      FROM generate_series(1, 401) n`);
    const both = await Promise.all([remove(), remove()]);
    expect((both[0] ?? 0) + (both[1] ?? 0) + (await remove())).toBe(401);
    expect(await run(sql`SELECT 1 FROM users WHERE display_name = 'Many'`)).toEqual([]);
  });
});

describe('stays', () => {
  test('a guest with a session, however old', async () => {
    const active = signedIn(await server.auth('POST', '/sign-in/anonymous', { name: 'Active' }));
    await run(sql`UPDATE accounts."user" SET created_at = now() - interval '1 year', updated_at = now() - interval '1 year'
      WHERE id = ${active.userId}`);
    await run(
      sql`UPDATE accounts.session SET updated_at = now() - interval '1 year' WHERE user_id = ${active.userId}`,
    );
    expect(await remove()).toBe(0);
    expect((await server.accounts.resolver.resolve(active.cookie)).userId).toBe(active.userId);
    // Its end is a trace of its own: seen a moment ago.
    await run(sql`UPDATE accounts.session SET updated_at = now() WHERE user_id = ${active.userId}`);
    await run(sql`DELETE FROM accounts.session WHERE user_id = ${active.userId}`);
    expect(await remove()).toBe(0);
  });

  test('one who wrote, asked, reacted or watched lately', async () => {
    const ago = sql`now() - ${DAYS - 1} * interval '1 day'`;
    const [writer, asker, fan, watcher] = [
      await guest('Writer', DAYS + 1),
      await guest('Asker', DAYS + 1),
      await guest('Fan', DAYS + 1),
      await guest('Watcher', DAYS + 1),
    ];
    await says(writer, DAYS - 1);
    await run(sql`INSERT INTO nchat_stream_questions (id, stream_id, user_id, client_id, content, created_at)
      VALUES (${v7()}, ${streamId}, ${asker.userId}, 'q', 'why?', ${ago})`);
    await run(sql`INSERT INTO nchat_stream_reactions (stream_id, user_id, emoji, created_at)
      VALUES (${streamId}, ${fan.userId}, '👍', ${ago})`);
    await run(sql`INSERT INTO nchat_stream_viewers (stream_id, user_id, session_id, last_seen_at)
      VALUES (${streamId}, ${watcher.userId}, 's', ${ago})`);
    expect(await remove()).toBe(0);
    for (const { userId } of [writer, asker, fan, watcher]) expect(await isThere(userId)).toBe(true);
  });

  test('a full member, by whatever sign, even with a guest’s mark', async () => {
    const old = await server.signUp('old@live.test', 'Old');
    const marked = await server.signUp('marked@live.test', 'Marked');
    for (const { userId } of [old, marked]) {
      await run(sql`DELETE FROM accounts.session WHERE user_id = ${userId}`);
      await run(sql`UPDATE accounts."user" SET created_at = now() - interval '1 year', updated_at = now() - interval '1 year'
        WHERE id = ${userId}`);
    }
    // Somebody with a password is no guest, whatever the two tables say.
    await run(sql`UPDATE accounts."user" SET is_anonymous = true WHERE id = ${marked.userId}`);
    await run(sql`UPDATE nchat_live_accounts SET is_guest = true WHERE user_id = ${marked.userId}`);
    expect(await remove()).toBe(0);
    await run(sql`UPDATE accounts."user" SET is_anonymous = false WHERE id = ${marked.userId}`);
    expect((await server.signIn('old@live.test')).userId).toBe(old.userId);
    expect((await server.signIn('marked@live.test')).userId).toBe(marked.userId);
  });
});
