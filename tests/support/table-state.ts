import type { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';

/** Books of the server's own: a request that was refused may be counted or seen in them, and one of before may still be told. */
const BOOKS = new Set(['nchat_live_idempotency', 'nchat_live_tellings', 'migrations', 'rate_limits']);

/** Everything in a database, table by table, as text. */
export async function tableState(test: TestDatabase): Promise<ReadonlyMap<string, string>> {
  const { pool } = test.database;
  const { rows } = await pool.query<{ name: string; place: string }>(
    `SELECT c.relname AS name, format('%I.%I', n.nspname, c.relname) AS place
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname IN ('public', 'accounts', 'tallylight') ORDER BY 1`,
  );
  const state = new Map<string, string>();
  for (const { name, place } of rows) {
    if (BOOKS.has(name)) continue;
    const { rows: dumped } = await pool.query<{ text: string | null }>(
      `SELECT string_agg(t::text, E'\\n' ORDER BY t::text) AS text FROM ${place} t`,
    );
    state.set(name, dumped[0]?.text ?? '');
  }
  return state;
}

/** Names of the tables that differ. */
export function changedTables(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [...after.keys()].filter((name) => before.get(name) !== after.get(name));
}
