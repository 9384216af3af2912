import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkDatabase } from './doctor/database.ts';
import { migrateCommand } from './migrate.ts';

const SERVER = process.env['TEST_DATABASE_URL'] ?? '';
let url: string;
let name: string;
let printed: string[];

async function statement(text: string, to = SERVER): Promise<void> {
  const client = new Client({ connectionString: to });
  await client.connect();
  await client.query(text);
  await client.end();
}

beforeEach(async () => {
  name = `c_${randomBytes(6).toString('hex')}`;
  await statement(`CREATE DATABASE ${name}`);
  const own = new URL(SERVER);
  own.pathname = `/${name}`;
  url = own.href;
  vi.stubEnv('DATABASE_URL', url);
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void printed.push(text));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await statement(`DROP DATABASE ${name} WITH (FORCE)`);
});

/** The exit code of the command, and what it printed. */
async function run(...argv: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  printed.length = 0;
  const code = await migrateCommand.run(argv);
  return { code, text: printed.join('\n') };
}

describe('tallylight migrate', () => {
  test('shows what would run, runs it, and shows that it ran', async () => {
    const status = await run('--status');
    expect(status.code).toBe(0);
    expect(status.text).toMatch(/0003-streams +not yet/);
    expect((await run('--print')).text).toMatch(
      /-- 0003-streams\nBEGIN;\n[^]*CREATE TABLE nchat_streams[^]*COMMIT;/,
    );
    expect((await run('--status')).text).toMatch(/0003-streams +not yet/);
    expect((await run()).text).toMatch(/^Applied 0001-roles-and-claims, /);
    expect((await run('--status')).text).toMatch(/0003-streams +\d{4}-\d\d-\d\dT/);
    expect((await run()).text).toBe('The database is up to date.');
    expect((await run('--print')).text).toBe('-- The database is up to date.');
  });

  test('says in one line that a database is of a newer version', async () => {
    await run();
    await statement("INSERT INTO tallylight.migrations (name, checksum) VALUES ('9999-later', 'x')", url);
    expect(await run()).toEqual({
      code: 1,
      text: 'tallylight: the database has migrations of a newer version: 9999-later',
    });
  });

  test('takes one of its two flags', async () => {
    await expect(run('--print', '--status')).rejects.toThrow(/takes one of/);
  });
});

describe('tallylight doctor', () => {
  const config = (databaseUrl: string | undefined) =>
    ({ dataDir: '/nowhere', control: { databaseUrl } }) as Parameters<typeof checkDatabase>[0];

  test('tells of a database that is there, one that is up to date, one that is away, and the embedded one', async () => {
    expect(await checkDatabase(config(url))).toMatchObject([
      { outcome: 'ok', found: expect.stringMatching(/PostgreSQL 1\d.*next start applies \d+/) },
    ]);
    await run();
    expect(await checkDatabase(config(url))).toMatchObject([
      { found: expect.stringContaining('up to date') },
    ]);
    const away = new URL(url);
    away.port = '9';
    expect(await checkDatabase(config(away.href))).toMatchObject([{ outcome: 'failure' }]);
    expect(await checkDatabase(config(undefined))).toMatchObject([
      { outcome: 'ok', found: expect.stringMatching(/^PostgreSQL 18.*DATA_DIR$/) },
    ]);
  });
});
