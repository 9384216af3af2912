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
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { NCHAT_SQL } from '../support/nchat-database.ts';

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
