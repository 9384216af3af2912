import { LEFT_OUT, MIGRATION_LOCK } from './migrate.ts';
import type { Migration } from './migration-files.ts';

/** What the file begins with: who it is for, and what it needs. */
const HEAD = `-- Live streaming for an existing nchat database, in one file: psql -v ON_ERROR_STOP=1 -f 016_live_streaming.sql
-- Needs PostgreSQL 15 to 18, and the tables users, nchat_channels and nchat_channel_members, which it leaves as they are.
-- Apply it as the owner of these tables, who may create roles. It is made of db/migrations by \`npm run build:sql\`: change those.
-- The server goes on from here by itself: it finds in tallylight.migrations what this file has done.

BEGIN;
SET LOCAL search_path TO public;
SELECT pg_advisory_xact_lock(${MIGRATION_LOCK});

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['users', 'nchat_channels', 'nchat_channel_members'] LOOP
    IF to_regclass('public.' || name) IS NULL THEN
      RAISE EXCEPTION 'there is no table %: this file is for a database of nchat''s; elsewhere run tallylight migrate', name;
    END IF;
  END LOOP;
  IF to_regclass('tallylight.migrations') IS NOT NULL THEN
    RAISE EXCEPTION 'this database has been set up already: run tallylight migrate';
  END IF;
  IF to_regclass('public.nchat_streams') IS NOT NULL THEN
    RAISE EXCEPTION 'there is a table nchat_streams already, of nchat''s migration 0007: rename it and the other nchat_stream_* tables first';
  END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS tallylight;
CREATE TABLE tallylight.migrations (
  name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
`;

/** The text of `016_live_streaming.sql`: every migration that a host app's database gets, and the record that it has them. */
export function hostAppSql(migrations: readonly Migration[]): string {
  const applied = migrations.filter(({ kind }) => kind !== 'standalone');
  const rows = migrations.map(
    ({ name, checksum, kind }) => `  ('${name}', '${kind === 'standalone' ? LEFT_OUT : checksum}')`,
  );
  return [
    HEAD,
    ...applied.map(({ name, sql }) => `-- ---- ${name}\n${sql.trimEnd()}\n`),
    `INSERT INTO tallylight.migrations (name, checksum) VALUES\n${rows.join(',\n')};\nCOMMIT;\n`,
  ].join('\n');
}
