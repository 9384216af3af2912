import { Client, type QueryConfig } from 'pg';
import { isUnavailable, sqlState } from './database-error.ts';
import { type Migration, readMigrations } from './migration-files.ts';

export { MIGRATIONS, type Migration, readMigrations } from './migration-files.ts';

/** A database whose migrations are not this program's. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** What is in a database, and what is not yet. */
export interface MigrationStatus {
  /** Names and times, in order. */
  readonly applied: readonly { readonly name: string; readonly appliedAt: Date }[];
  /** What the next `migrate` would apply, in order. */
  readonly missing: readonly Migration[];
}

/** Whoever migrates holds this advisory lock: `tally` in ASCII. */
export const MIGRATION_LOCK = 0x74616c6c79;
/** How long to wait for another server that migrates, and for tables in use, in milliseconds; then whoever asked may try again. */
const LOCK_TIMEOUT_MS = 30_000;
/** A statement that takes longer got no answer: the server hangs. For migrations, which may rewrite tables, and for all else. */
const MIGRATION_TIMEOUT_MS = 3_600_000;
const QUERY_TIMEOUT_MS = LOCK_TIMEOUT_MS + 10_000;
/** Time to take leave of the server, in milliseconds. */
const GOODBYE_MS = 1000;
/** Major versions of PostgreSQL that the tests run on, oldest and newest. */
const [OLDEST, NEWEST] = [15, 18] as const;
/** Stands for the checksum of a migration that this kind of database does without. */
export const LEFT_OUT = 'left out';

/** A row of `tallylight.migrations`. */
interface Row {
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
}

/**
 * Applies what is missing, forward only, each migration in its own transaction, under an advisory lock, so that two servers that start
 * at once migrate once. Returns the names applied. Throws `MigrationError` when an applied one was changed or is unknown (a newer program's),
 * and when PostgreSQL is of a version that is not supported; any other error is of a database that is away or busy, and may heal.
 * @param signal ends it: what is under way is rolled back.
 */
export async function migrate(
  url: string,
  migrations?: readonly Migration[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const wanted = migrations ?? (await readMigrations());
  return withClient(url, signal, async (client) => {
    await client.query(`SET lock_timeout TO ${LOCK_TIMEOUT_MS}`);
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const isHosted = await isHostApp(client, wanted);
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS tallylight;
       CREATE TABLE IF NOT EXISTS tallylight.migrations (
         name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
    );
    const missing = missingOf(await rowsOf(client), wanted);
    const leftOut = isHosted ? 'standalone' : 'host';
    for (const migration of missing) await apply(client, migration, migration.kind === leftOut);
    return missing.filter(({ kind }) => kind !== leftOut).map(({ name }) => name);
  });
}

/** What `migrate` would do, changing nothing. Throws as it. */
export async function migrationStatus(
  url: string,
  migrations?: readonly Migration[],
): Promise<MigrationStatus> {
  const wanted = migrations ?? (await readMigrations());
  return withClient(url, undefined, async (client) => {
    const rows = await rowsOf(client);
    const leftOut = (await isHostApp(client, wanted)) ? 'standalone' : 'host';
    return {
      applied: rows
        .filter(({ checksum }) => checksum !== LEFT_OUT)
        .map(({ name, applied_at }) => ({ name, appliedAt: applied_at })),
      missing: missingOf(rows, wanted).filter(({ kind }) => kind !== leftOut),
    };
  });
}

async function withClient<T>(
  url: string,
  signal: AbortSignal | undefined,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const client = new Client({
    connectionString: url,
    application_name: 'tallylight migrate',
    connectionTimeoutMillis: 10_000,
    query_timeout: QUERY_TIMEOUT_MS,
  });
  // A lost connection fails the statement under way, too.
  client.on('error', () => {});
  // Not `end`: a server that hangs takes no leave.
  const hangUp = (): void => void client.connection.stream.destroy();
  signal?.addEventListener('abort', hangUp);
  try {
    await client.connect();
    // A login role may be called as our schema is: `"$user"` in the path would put the tables there.
    await client.query('SET search_path TO public');
    await checkVersion(client);
    return await work(client);
  } finally {
    signal?.removeEventListener('abort', hangUp);
    await Promise.race([client.end(), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
    hangUp();
  }
}

async function checkVersion(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: string }>(
    "SELECT current_setting('server_version_num') AS number",
  );
  const major = Math.floor(Number(rows[0]?.number) / 10_000);
  if (major < OLDEST || major > NEWEST) {
    throw new MigrationError(
      `the database is PostgreSQL ${major}; Tallylight needs ${OLDEST} to ${NEWEST}: upgrade it, or leave DATABASE_URL out to run one in DATA_DIR`,
    );
  }
}

/** True where people and channels are a host app's tables: they were there before our first migration. */
async function isHostApp(client: Client, wanted: readonly Migration[]): Promise<boolean> {
  const rows = await rowsOf(client);
  if (rows.length === 0) return exists(client, 'public.users');
  const leftOut = new Set(rows.filter(({ checksum }) => checksum === LEFT_OUT).map(({ name }) => name));
  return wanted.some(({ name, kind }) => kind === 'standalone' && leftOut.has(name));
}

async function rowsOf(client: Client): Promise<readonly Row[]> {
  if (!(await exists(client, 'tallylight.migrations'))) return [];
  const { rows } = await client.query<Row>(
    'SELECT name, checksum, applied_at FROM tallylight.migrations ORDER BY name COLLATE "C"',
  );
  return rows;
}

async function exists(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
    table,
  ]);
  return rows[0]?.exists === true;
}

function missingOf(rows: readonly Row[], wanted: readonly Migration[]): readonly Migration[] {
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const known = new Set(wanted.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new MigrationError(`the database has migrations of a newer version: ${unknown.join(', ')}`);
  for (const { name, checksum } of wanted) {
    const before = applied.get(name);
    if (before !== undefined && before !== checksum && before !== LEFT_OUT)
      throw new MigrationError(`migration ${name} was changed after it had been applied`);
  }
  return wanted.filter(({ name }) => !applied.has(name));
}

async function apply(client: Client, migration: Migration, isLeftOut: boolean): Promise<void> {
  await client.query('BEGIN');
  try {
    const patient: QueryConfig & { readonly query_timeout: number } = {
      text: migration.sql,
      query_timeout: MIGRATION_TIMEOUT_MS,
    };
    if (!isLeftOut) await client.query(patient);
    await client.query('INSERT INTO tallylight.migrations (name, checksum) VALUES ($1, $2)', [
      migration.name,
      isLeftOut ? LEFT_OUT : migration.checksum,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    if (mayHeal(error)) throw error;
    await client.query('ROLLBACK').catch(() => {});
    throw new MigrationError(
      `migration ${migration.name} failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** True for an error that says nothing of the migration: the server is away, hangs or is busy, or another transaction was in the way. */
function mayHeal(error: unknown): boolean {
  return isUnavailable(error) || ['40P01', '40001'].includes(sqlState(error) ?? '');
}
