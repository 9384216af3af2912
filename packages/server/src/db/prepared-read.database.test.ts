import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { ANONYMOUS, type Claims } from './claims.ts';
import { Database } from './database.ts';
import { PreparedRead } from './prepared-read.ts';
import { TestDatabase } from './testing/test-database.ts';

const STREAM = PreparedRead.of<{ id: string; title: string }>('test_stream', (db) =>
  db.selectFrom('nchat_streams').select(['id', 'title']).where('id', '=', ''),
);
const WHO = PreparedRead.of<{ me: string | null; role: string }>('test_who', (db) =>
  db.selectNoFrom([
    sql<string | null>`tallylight.user_id()`.as('me'),
    sql<string>`current_user::text`.as('role'),
  ]),
);
const ECHO = PreparedRead.of<{ said: string }>('test_echo', (db) =>
  db.selectNoFrom(sql<string>`${''}::text`.as('said')),
);

let at: TestDatabase;
/** One connection, so that each statement follows the one before on it. */
let one: Database;
const userId = v7();
const streamId = v7();
const member: Claims = { userId, role: 'user' };

beforeAll(async () => {
  at = await TestDatabase.create();
  one = new Database({ url: at.url, log: silentLogger, maxConnections: 1 });
  const channelId = v7();
  await at.database.asService(async (tx) => {
    await tx.insertInto('users').values({ id: userId }).execute();
    await tx.insertInto('nchat_channels').values({ id: channelId, name: 'Channel' }).execute();
    await tx
      .insertInto('nchat_channel_members')
      .values({ channel_id: channelId, user_id: userId, role: 'viewer' })
      .execute();
    const stream = { id: streamId, channel_id: channelId, broadcaster_id: userId, title: 'Secret' };
    await tx
      .insertInto('nchat_streams')
      .values({ ...stream, visibility: 'private' })
      .execute();
  });
});
afterAll(async () => {
  await one.close();
  await at.drop();
});

describe('a prepared read', () => {
  test('gives each caller what row-level security shows them, by the same plan on the same connection', async () => {
    // More often than PostgreSQL makes a plan for the values at hand: later ones share one.
    for (let round = 0; round < 8; round++) {
      expect(await one.readAs(member, STREAM, [streamId])).toEqual([{ id: streamId, title: 'Secret' }]);
      expect(await one.readAs(ANONYMOUS, STREAM, [streamId])).toEqual([]);
      expect(await one.readAs({ userId: v7(), role: 'user' }, STREAM, [streamId])).toEqual([]);
    }
  });

  test('has role and claims for itself alone', async () => {
    const [as] = await one.readAs(member, WHO, []);
    expect(as).toEqual({ me: userId, role: 'tallylight_request' });
    const after = await one.pool.query<{ claims: string | null; role: string }>(
      `SELECT current_setting('hasura.user', true) AS claims, current_user::text AS role`,
    );
    expect(after.rows[0]?.claims ?? '').toBe('');
    expect(after.rows[0]?.role).not.toMatch(/^tallylight_(?:request|service)$/);
    expect(await one.readAs(ANONYMOUS, WHO, [])).toEqual([{ me: null, role: 'tallylight_request' }]);
  });

  test('takes its parameters as values, whatever is in them', async () => {
    for (const said of [`'); DROP TABLE users; --`, '\\', `E'\\'`, '$1', 'ü\n"', ''])
      expect(await one.readAs(ANONYMOUS, ECHO, [said])).toEqual([{ said }]);
    await expect(one.readAs(member, STREAM, [`' OR true --`])).rejects.toMatchObject({ code: '22P02' });
  });

  test('that fails leaves its connection to the next one, without role and claims', async () => {
    await expect(one.readAs(member, STREAM, ['no uuid'])).rejects.toThrow(/uuid/);
    expect(await one.readAs(ANONYMOUS, WHO, [])).toEqual([{ me: null, role: 'tallylight_request' }]);
    expect(one.pool.totalCount).toBe(1);
  });

  test('whose plan a migration made useless is unavailable once, and right after that', async () => {
    const table = PreparedRead.of<{ c: unknown }>('test_changing', (db) =>
      db.selectNoFrom(sql`(SELECT c FROM tallylight.changing)`.as('c')),
    );
    await at.database.pool.query(
      `CREATE TABLE tallylight.changing AS SELECT 1 AS c; GRANT SELECT ON tallylight.changing TO tallylight_request`,
    );
    expect(await one.readAs(ANONYMOUS, table, [])).toEqual([{ c: 1 }]);
    await at.database.pool.query(`ALTER TABLE tallylight.changing ALTER c TYPE text`);
    await expect(one.readAs(ANONYMOUS, table, [])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await one.readAs(ANONYMOUS, table, [])).toEqual([{ c: '1' }]);
  });
});
