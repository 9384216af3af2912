import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MIGRATION_LOCK, MigrationError, migrate, migrationStatus, readMigrations } from './migrate.ts';
import { type Migration, migrationOf } from './migration-files.ts';

let url: string;
let name: string;

async function query(text: string, to = url): Promise<Record<string, unknown>[]> {
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
  name = `m_${randomBytes(6).toString('hex')}`;
  await query(`CREATE DATABASE ${name}`, adminUrl);
  const own = new URL(adminUrl);
  own.pathname = `/${name}`;
  url = own.href;
});

afterEach(() => query(`DROP DATABASE ${name} WITH (FORCE)`, process.env['TEST_DATABASE_URL']));

const first = migrationOf('0001-first', 'CREATE TABLE one (n int); INSERT INTO one VALUES (1);');
const second = migrationOf('0002-second', 'CREATE TABLE two (n int);');
const broken = migrationOf('0002-second', 'CREATE TABLE two (n int); INSERT INTO two VALUES (1/0);');

describe('migrate', () => {
  test('applies each migration once, in order, and those of a later version afterwards', async () => {
    expect(await migrate(url, [first])).toEqual(['0001-first']);
    expect(await migrate(url, [first, second])).toEqual(['0002-second']);
    expect(await migrate(url, [first, second])).toEqual([]);
    expect(await query('SELECT n FROM one')).toEqual([{ n: 1 }]);
  });

  test('leaves nothing of a migration that fails, keeps those before it, and goes on when it is mended', async () => {
    await expect(migrate(url, [first, broken])).rejects.toThrow(/0002-second failed: division by zero/);
    expect(await query("SELECT to_regclass('public.two') AS two")).toEqual([{ two: null }]);
    expect(await migrate(url, [first, second])).toEqual(['0002-second']);
  });

  test('refuses a migration that was changed after it had been applied', async () => {
    await migrate(url, [first]);
    const changed = migrationOf(first.name, `${first.sql} -- a word more`);
    await expect(migrate(url, [changed])).rejects.toThrow(/0001-first was changed after/);
  });

  test('refuses a database of a newer version, naming what it does not know', async () => {
    await migrate(url, [first, second]);
    await expect(migrate(url, [first])).rejects.toThrow(/newer version: 0002-second/);
  });

  test('of several at once, one applies each', async () => {
    const names = await Promise.all(Array.from({ length: 5 }, () => migrate(url, [first, second])));
    expect(names.flat().toSorted()).toEqual(['0001-first', '0002-second']);
    expect(await query('SELECT n FROM one')).toEqual([{ n: 1 }]);
  });

  test('waits for tables in use no longer than its patience, and that is no error of the migration', async () => {
    await migrate(url, [first]);
    const blocker = new Client({ connectionString: url });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE one IN ACCESS EXCLUSIVE MODE');
    const hasty = migrationOf('0002-hasty', "SET LOCAL lock_timeout TO '50ms'; ALTER TABLE one ADD m int;");
    const failed = await migrate(url, [first, hasty]).catch((error: unknown) => error);
    expect(failed).not.toBeInstanceOf(MigrationError);
    expect(failed).toMatchObject({ code: '55P03' });
    await blocker.end();
    expect(await migrate(url, [first, hasty])).toEqual(['0002-hasty']);
  });

  test('a connection that is lost is no error of the migration', async () => {
    const mine = 'SELECT pg_terminate_backend(pg_backend_pid())';
    const failed = await migrate(url, [migrationOf('0001-cut', mine)]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(failed).not.toBeInstanceOf(MigrationError);
  });

  test('ends when it is told to, while another server migrates', async () => {
    const other = new Client({ connectionString: url });
    await other.connect();
    await other.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const stop = new AbortController();
    const waiting = migrate(url, [first], stop.signal);
    const waits =
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    await vi.waitFor(async () => expect((await other.query(waits)).rowCount).toBe(1));
    stop.abort();
    await expect(waiting).rejects.toThrow();
    await other.end();
  });

  test('ends when it is told to, though the server says nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const stop = new AbortController();
    const waiting = migrate(`postgres://a@127.0.0.1:${port}/a`, [first], stop.signal);
    await once(silent, 'connection');
    stop.abort();
    await expect(waiting).rejects.toThrow();
    silent.close();
  });

  test('puts the tables into `public`, even for a login role of the name of our schema', async () => {
    const role = `r_${name}`;
    await query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'x'; CREATE SCHEMA ${role};`);
    const as = new URL(url);
    as.username = role;
    as.password = 'x';
    try {
      await migrate(as.href, [first]);
      expect(await query('SELECT n FROM public.one')).toEqual([{ n: 1 }]);
    } finally {
      await query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    }
  });
});

describe('migrationStatus', () => {
  test('tells what would be applied, and changes nothing', async () => {
    expect((await migrationStatus(url, [first, second])).missing).toEqual([first, second]);
    expect(await query("SELECT to_regnamespace('tallylight') AS schema")).toEqual([{ schema: null }]);
    await migrate(url, [first]);
    const { applied, missing } = await migrationStatus(url, [first, second]);
    expect(applied).toMatchObject([{ name: '0001-first', appliedAt: expect.any(Date) }]);
    expect(missing).toEqual([second]);
  });
});

describe('a database with people of a host app in it', () => {
  const standalone = migrationOf('0002-own', '-- standalone\nCREATE TABLE own (n int);');
  const hosted = migrationOf('0003-host', '-- host\nCREATE TABLE hosted (n int);');
  const all: readonly Migration[] = [first, standalone, hosted];

  async function tables(): Promise<unknown> {
    const rows = await query(
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname",
    );
    return rows.map(({ relname }) => relname);
  }

  test('is left without the standalone migrations, and without later ones of that kind', async () => {
    await query('CREATE TABLE users (id uuid PRIMARY KEY)');
    expect(await migrate(url, all)).toEqual(['0001-first', '0003-host']);
    expect(await tables()).toEqual(['hosted', 'one', 'users']);
    const later = migrationOf('0004-later', '-- standalone\nCREATE TABLE later (n int);');
    expect(await migrate(url, [...all, later])).toEqual([]);
    expect((await migrationStatus(url, [...all, later])).missing).toEqual([]);
  });

  test('and an empty one gets them, and not the host app’s, also when `users` is made by one of ours', async () => {
    const users = migrationOf('0001-first', 'CREATE TABLE users (id uuid PRIMARY KEY)');
    expect(await migrate(url, [users])).toEqual(['0001-first']);
    expect(await migrate(url, [users, standalone, hosted])).toEqual(['0002-own']);
    expect(await tables()).toEqual(['own', 'users']);
  });
});

describe('the product’s migrations', () => {
  test('have names in order and without gaps in meaning: a number, words, one first line', async () => {
    const migrations = await readMigrations();
    expect(migrations.map((each) => each.name)).toEqual(migrations.map((each) => each.name).toSorted());
    const numbers = migrations.map((each) => each.name.slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const { name: migration, sql } of migrations)
      expect([migration, sql.startsWith('-- ')]).toEqual([migration, true]);
  });

  test('can be applied by a login role that is no superuser', async () => {
    const role = `r_${name}`;
    await query(`CREATE ROLE ${role} LOGIN CREATEROLE PASSWORD 'x'; ALTER DATABASE ${name} OWNER TO ${role}`);
    const as = new URL(url);
    as.username = role;
    as.password = 'x';
    const isFresh = (await query("SELECT FROM pg_roles WHERE rolname = 'tallylight_request'")).length === 0;
    // Roles belong to the cluster: those that another test's superuser made are granted by it.
    if (!isFresh) await query(`GRANT tallylight_request, tallylight_service TO ${role} WITH ADMIN OPTION`);
    try {
      expect((await migrate(as.href)).length).toBeGreaterThan(5);
      expect(await migrate(as.href)).toEqual([]);
    } finally {
      await query(
        `ALTER DATABASE ${name} OWNER TO CURRENT_USER; DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`,
      );
    }
  });
});
