import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** Where the migrations lie, `NNNN-name.sql`. */
export const MIGRATIONS = join(import.meta.dirname, 'migrations');

/** One file of SQL, applied once, in one transaction. */
export interface Migration {
  /** File name without `.sql`, such as `0001-roles-and-claims`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file: an applied migration must not change. */
  readonly checksum: string;
}

/** A database whose migrations are not this program's. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** Whoever migrates holds this advisory lock: `tally` in ASCII. */
const LOCK = 0x74616c6c79;

/** Reads every migration of a folder, in order. */
export async function readMigrations(folder: string = MIGRATIONS): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      return {
        name: file.slice(0, -'.sql'.length),
        sql: text,
        checksum: createHash('sha256').update(text).digest('hex'),
      };
    }),
  );
}

/**
 * Applies what is missing, forward only, each migration in its own transaction, under an advisory lock, so that two servers that start
 * at once migrate once. Returns the names applied. Throws `MigrationError` when an applied one was changed or is unknown (a newer program's).
 */
export async function migrate(url: string, migrations?: readonly Migration[]): Promise<readonly string[]> {
  const wanted = migrations ?? (await readMigrations());
  const client = new pg.Client({ connectionString: url, application_name: 'tallylight migrate' });
  await client.connect();
  try {
    // A login role may be called as our schema is: `"$user"` in the path would put the tables there.
    await client.query('SET search_path TO public');
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS tallylight;
       CREATE TABLE IF NOT EXISTS tallylight.migrations (
         name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
    );
    const missing = await missingOf(client, wanted);
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function missingOf(client: pg.Client, wanted: readonly Migration[]): Promise<readonly Migration[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM tallylight.migrations',
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const known = new Set(wanted.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new MigrationError(`the database has migrations of a newer version: ${unknown.join(', ')}`);
  for (const { name, checksum } of wanted) {
    const before = applied.get(name);
    if (before !== undefined && before !== checksum)
      throw new MigrationError(`migration ${name} was changed after it had been applied`);
  }
  return wanted.filter(({ name }) => !applied.has(name));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO tallylight.migrations (name, checksum) VALUES ($1, $2)', [
      migration.name,
      migration.checksum,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw new MigrationError(
      `migration ${migration.name} failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
