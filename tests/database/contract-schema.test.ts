import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from '../../packages/server/src/db/testing/test-database.ts';
import {
  CONTRACT_POLICIES,
  CONTRACT_TABLES,
  CONTRACT_UNIQUE,
  DROPPED_POLICIES,
} from './contract/contract-tables.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await TestDatabase.create();
});
afterAll(() => database.drop());

async function ask<T>(query: ReturnType<typeof sql<T>>): Promise<readonly T[]> {
  return (await database.database.asService((tx) => query.execute(tx))).rows;
}

describe('tables and views (contract §6)', () => {
  test.each(Object.entries(CONTRACT_TABLES))('%s has every column', async (table, columns) => {
    const rows = await ask(
      sql<{ name: string }>`SELECT attname AS name FROM pg_attribute
        WHERE attrelid = to_regclass(${table}) AND attnum > 0 AND NOT attisdropped`,
    );
    const there = new Set(rows.map(({ name }) => name));
    expect(columns.split(' ').filter((column) => !there.has(column))).toEqual([]);
  });

  test('the views show what their reader may see', async () => {
    const rows = await ask(
      sql<{ name: string; options: string[] }>`SELECT relname AS name, reloptions AS options FROM pg_class
        WHERE relname IN ('nchat_live_streams', 'nchat_top_streams') AND relkind = 'v'`,
    );
    expect(rows).toHaveLength(2);
    for (const { options } of rows) expect(options).toContain('security_invoker=true');
  });

  test('metrics are partitioned by time', async () => {
    const rows = await ask(
      sql<{
        kind: string;
      }>`SELECT relkind AS kind FROM pg_class WHERE relname = 'nchat_stream_quality_metrics'`,
    );
    expect(rows).toEqual([{ kind: 'p' }]);
  });

  test.each(CONTRACT_UNIQUE)('%s is unique by %s', async (table, columns) => {
    const rows = await ask(
      sql<{ definition: string }>`SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
        WHERE conrelid = to_regclass(${table}) AND contype = 'u'`,
    );
    expect(rows.map(({ definition }) => definition)).toContain(`UNIQUE (${columns})`);
  });

  test('the names of nchat’s migration 0007 hold what the documented ones hold', async () => {
    const rows = await ask(
      sql<{ name: string; of: string }>`SELECT a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS of
        FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attgenerated = 's' AND a.attrelid IN ('nchat_streams'::regclass, 'nchat_stream_viewers'::regclass)`,
    );
    expect(Object.fromEntries(rows.map(({ name, of }) => [name, of]))).toMatchObject({
      peak_viewers: 'peak_viewer_count',
      total_views: 'total_view_count',
      duration_seconds: 'recording_duration_seconds',
      viewer_session_id: 'session_id',
      watch_duration_seconds: 'total_watch_time_seconds',
    });
  });
});

describe('policies (contract §6.2)', () => {
  test.each(Object.entries(CONTRACT_POLICIES))(
    '%s has every policy, and row security that nobody is above',
    async (table, names) => {
      const rows = await ask(
        sql<{
          name: string;
          qual: string | null;
        }>`SELECT policyname AS name, qual FROM pg_policies WHERE tablename = ${table}`,
      );
      const there = rows.map(({ name }) => name);
      expect(names.filter((name) => !there.includes(name))).toEqual([]);
      expect(DROPPED_POLICIES.filter((name) => there.includes(name))).toEqual([]);
      for (const { name, qual } of rows) if (names.includes(name)) expect(qual).not.toBe('true');
      const forced = await ask(
        sql<{
          enabled: boolean;
          forced: boolean;
        }>`SELECT relrowsecurity AS enabled, relforcerowsecurity AS forced
        FROM pg_class WHERE oid = to_regclass(${table})`,
      );
      expect(forced).toEqual([{ enabled: true, forced: true }]);
    },
  );
});
