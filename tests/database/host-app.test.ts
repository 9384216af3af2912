import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Claims } from '../../packages/server/src/db/claims.ts';
import { Database } from '../../packages/server/src/db/database.ts';
import { isDenied } from '../../packages/server/src/db/database-error.ts';
import { hostAppSql } from '../../packages/server/src/db/host-app-sql.ts';
import { migrate, migrationStatus, readMigrations } from '../../packages/server/src/db/migrate.ts';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { NCHAT_SQL } from '../support/nchat-database.ts';
import { nchatGround } from '../support/rights-ground.ts';
import { makePeople, makeWorld } from '../support/rights-world.ts';

const FILE = join(import.meta.dirname, '../../packages/server/sql/016_live_streaming.sql');
const hasPsql = spawnSync('psql', ['--version']).status === 0;
const [ANN, BOB] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const;
const [GENERAL, BOARD] = [
  '00000000-0000-4000-8000-00000000000a',
  '00000000-0000-4000-8000-00000000000b',
] as const;
const ann: Claims = { userId: ANN, role: 'user' };
const bob: Claims = { userId: BOB, role: 'user' };

let url: string;
let name: string;

async function run(text: string, to = url): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: to });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

beforeEach(async () => {
  const adminUrl = process.env['TEST_DATABASE_URL'] ?? '';
  name = `h_${randomBytes(6).toString('hex')}`;
  await run(`CREATE DATABASE ${name}`, adminUrl);
  const own = new URL(adminUrl);
  own.pathname = `/${name}`;
  url = own.href;
});
afterEach(() => run(`DROP DATABASE ${name} WITH (FORCE)`, process.env['TEST_DATABASE_URL']));

test('016_live_streaming.sql is what the migrations make (npm run build:sql)', async () => {
  expect(readFileSync(FILE, 'utf8')).toBe(hostAppSql(await readMigrations()));
});

describe('016_live_streaming.sql on a database of nchat’s', () => {
  test.runIf(hasPsql)('is applied by psql, and then there is nothing to migrate', async () => {
    await run(NCHAT_SQL);
    const { status, stderr } = spawnSync('psql', ['-v', 'ON_ERROR_STOP=1', '-q', '-f', FILE, url], {
      encoding: 'utf8',
    });
    expect([status, stderr.replace(/^psql:.*NOTICE:.*\n/gm, '')]).toEqual([0, '']);
    expect((await migrationStatus(url)).missing).toEqual([]);
    expect(await migrate(url)).toEqual([]);
  });

  test('gives the same tables as migrating that database, and leaves the host’s as they were', async () => {
    await run(NCHAT_SQL);
    const before = await policies();
    await run(readFileSync(FILE, 'utf8'));
    const byFile = await tables();
    expect(await migrate(url)).toEqual([]);
    const after = (await policies()).filter(({ policy }) => !String(policy).startsWith('Tallylight '));
    expect(after).toEqual(before);
    await run(`DROP SCHEMA public CASCADE; DROP SCHEMA tallylight CASCADE; DROP SCHEMA auth CASCADE;
      DROP SCHEMA IF EXISTS accounts CASCADE; CREATE SCHEMA public`);
    await run(NCHAT_SQL);
    await migrate(url);
    expect(await tables()).toEqual(byFile);
  });

  test('works: members of a private channel see its streams, others do not, and people have names but no addresses', async () => {
    await run(NCHAT_SQL);
    await run(readFileSync(FILE, 'utf8'));
    const database = new Database({ url, log: silentLogger });
    try {
      for (const channel of [GENERAL, BOARD]) {
        await database.asUser(ann, (tx) =>
          sql`INSERT INTO nchat_streams (id, channel_id, broadcaster_id, title, status)
            VALUES (gen_random_uuid(), ${channel}, ${ANN}, ${channel}, 'live')`.execute(tx),
        );
      }
      const titles = (claims: Claims) =>
        database.asUser(claims, async (tx) =>
          (await tx.selectFrom('nchat_live_streams').select('title').orderBy('title').execute()).map(
            (row) => row.title,
          ),
        );
      expect(await titles(ann)).toEqual([GENERAL, BOARD]);
      expect(await titles(bob)).toEqual([GENERAL]);
      const people = await database.asUser(bob, (tx) =>
        tx.selectFrom('users').select(['username', 'display_name']).orderBy('username').execute(),
      );
      expect(people.map(({ display_name }) => display_name)).toEqual(['Ann', 'Bob']);
      const addresses = database.asUser(bob, (tx) => sql`SELECT email FROM users`.execute(tx));
      expect(isDenied(await addresses.catch((error: unknown) => error))).toBe(true);
      const channels = (claims: Claims) =>
        database.asUser(claims, async (tx) =>
          (await tx.selectFrom('nchat_channels').select('name').orderBy('name').execute()).map(
            (row) => row.name,
          ),
        );
      expect(await channels(ann)).toEqual(['Board', 'General']);
      expect(await channels(bob)).toEqual(['General']);
      const rename = database.asService((tx) => tx.updateTable('users').set({ username: 'x' }).execute());
      expect(isDenied(await rename.catch((error: unknown) => error))).toBe(true);
    } finally {
      await database.close();
    }
  });

  test('is refused where there is no nchat, where it was applied already, and beside the tables of nchat’s 0007', async () => {
    const text = readFileSync(FILE, 'utf8');
    await expect(run(text)).rejects.toThrow(/there is no table users/);
    await run(`${NCHAT_SQL} CREATE TABLE nchat_streams (id uuid)`);
    await expect(run(text)).rejects.toThrow(/nchat_streams already/);
    await run('DROP TABLE nchat_streams');
    await run(text);
    await expect(run(text)).rejects.toThrow(/set up already: run tallylight migrate/);
  });
});

describe('a database of nchat’s after it', () => {
  test('has row-level security on every table of ours, for its owner too, and nothing of the host’s to write', async () => {
    await run(NCHAT_SQL);
    await run(readFileSync(FILE, 'utf8'));
    const host = "c.relname IN ('users', 'nchat_channels', 'nchat_channel_members')";
    const open = await run(`SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
      AND c.relkind IN ('r', 'p') AND NOT (${host}) AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`);
    expect(open).toEqual([]);
    const written = await run(`SELECT c.relname, r.rolname FROM pg_class c, pg_roles r
      WHERE ${host} AND c.relkind = 'r' AND r.rolname IN ('tallylight_request', 'tallylight_service')
        AND (has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE') OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER'))`);
    expect(written).toEqual([]);
    const views =
      await run(`SELECT c.relname, c.relowner::regrole::text AS owner, c.reloptions AS options FROM pg_class c
      WHERE c.relkind = 'v' AND c.relnamespace IN ('public'::regnamespace, 'tallylight'::regnamespace)
        AND NOT 'security_invoker=true' = ANY (c.reloptions) ORDER BY 1`);
    // These two ask our own rules of tables whose rules are the host's, and belong to a role that may only read them.
    expect(views).toEqual(
      ['channel_members', 'channels'].map((relname) => ({
        ...{ relname, owner: 'tallylight_service', options: ['security_barrier=true'] },
      })),
    );
  });

  test('lets the host’s own role, which has no rights of ours, change and delete what is its own, and ours goes with it', async () => {
    // Owned by somebody who is no superuser: FORCE holds for them.
    const postgres = await TestDatabase.create(undefined, { before: NCHAT_SQL });
    const role = `${name}_host`;
    const { database } = postgres;
    const ask = (text: string) => run(text, postgres.adminUrl);
    try {
      const ground = nchatGround(database);
      const people = await makePeople(database, ground);
      const { channelId, streamId, questionId } = await makeWorld(database, people, true, ground);
      await database.asService(async (tx) => {
        const vote = { question_id: questionId, user_id: people.target };
        await tx.insertInto('nchat_stream_question_votes').values(vote).execute();
        const key = sql`INSERT INTO nchat_stream_keys (id, channel_id, stream_id, lookup, sealed, last4)
          VALUES (gen_random_uuid(), ${channelId}, ${streamId}, 'x', '{}', 'abcd')`;
        await key.execute(tx);
      });
      await ask(`CREATE ROLE ${role} LOGIN PASSWORD '${role}' BYPASSRLS;
        GRANT SELECT, INSERT, UPDATE, DELETE ON users, nchat_channels, nchat_channel_members TO ${role}`);
      const asHost = new URL(postgres.adminUrl);
      [asHost.username, asHost.password] = [role, role];
      const does = (text: string) => run(text, asHost.href);
      await does(`UPDATE nchat_channel_members SET role = 'moderator' WHERE user_id = '${people.target}'`);
      await does(`UPDATE nchat_channels SET type = 'public' WHERE id = '${channelId}'`);
      await does(`DELETE FROM nchat_channel_members WHERE user_id = '${people.target}'`);
      await does(`DELETE FROM users WHERE id = '${people.target}'`);
      expect(await ask('SELECT 1 FROM nchat_stream_question_votes')).toEqual([]);
      expect(await ask(`SELECT upvotes FROM nchat_stream_questions`)).toEqual([{ upvotes: 0 }]);
      await does(`DELETE FROM nchat_channel_members WHERE channel_id = '${channelId}'`);
      await does(`DELETE FROM nchat_channels WHERE id = '${channelId}'`);
      for (const table of [
        'nchat_streams',
        'nchat_stream_keys',
        'nchat_stream_chat_messages',
        'nchat_stream_bans',
      ])
        expect(await ask(`SELECT 1 FROM ${table}`)).toEqual([]);
      await expect(does('SELECT 1 FROM nchat_streams')).rejects.toThrow(/permission denied/);
    } finally {
      await ask(`DROP OWNED BY ${role}; DROP ROLE ${role}`).catch(() => undefined);
      await postgres.drop();
    }
  });
});

/** Every column of every table and view. */
function tables(): Promise<Record<string, unknown>[]> {
  return run(`SELECT table_schema || '.' || table_name || '.' || column_name AS name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema IN ('public', 'tallylight', 'accounts') ORDER BY 1`);
}

/** Policies and settings of the host's tables. */
function policies(): Promise<Record<string, unknown>[]> {
  return run(`SELECT c.relname AS table, c.relrowsecurity, c.relforcerowsecurity, p.polname AS policy
    FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
    WHERE c.oid IN ('users'::regclass, 'nchat_channels'::regclass, 'nchat_channel_members'::regclass) ORDER BY 1, 4`);
}
