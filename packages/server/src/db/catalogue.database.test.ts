import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './testing/test-database.ts';

let test_: TestDatabase;
let client: Client;

beforeAll(async () => {
  test_ = await TestDatabase.create();
  client = new Client({ connectionString: test_.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await test_.drop();
});

/** The first column of what a query gives. */
async function names(text: string): Promise<unknown[]> {
  const { rows } = await client.query<Record<string, unknown>>(text);
  return rows.map((row) => Object.values(row)[0]);
}

const TABLES = "c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')";

describe('tables', () => {
  test('each has row-level security, for its owner too', async () => {
    const all = await names(`SELECT c.relname FROM pg_class c WHERE ${TABLES}`);
    expect(all.length).toBeGreaterThan(25);
    const open = `SELECT c.relname FROM pg_class c WHERE ${TABLES} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`;
    expect(await names(open)).toEqual([]);
  });

  test('have policies for our two roles alone, never for everybody', async () => {
    const others = `SELECT polrelid::regclass || ': ' || polname FROM pg_policy
      WHERE polroles <> ARRAY['tallylight_request'::regrole::oid] AND polroles <> ARRAY['tallylight_service'::regrole::oid]`;
    expect(await names(others)).toEqual([]);
  });

  test('are granted to our two roles alone', async () => {
    const granted = `SELECT DISTINCT c.relname || ' to ' || coalesce(g.grantee::regrole::text, 'PUBLIC')
      FROM pg_class c, aclexplode(c.relacl) g
      WHERE c.relnamespace IN ('public'::regnamespace, 'tallylight'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
        AND g.grantee <> c.relowner
        AND g.grantee NOT IN ('tallylight_request'::regrole::oid, 'tallylight_service'::regrole::oid)`;
    expect(await names(granted)).toEqual([]);
  });

  test('of the metrics: the request role reaches the partitions through their parent alone', async () => {
    const partitions = `SELECT c.relname FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'`;
    expect((await names(partitions)).length).toBeGreaterThanOrEqual(2);
    const reached = `SELECT c.relname FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'
      AND has_table_privilege('tallylight_request', c.oid, 'SELECT, INSERT, UPDATE, DELETE')`;
    expect(await names(reached)).toEqual([]);
  });

  test.each([
    ['nchat_stream_keys'],
    ['nchat_live_api_tokens'],
    ['nchat_live_idempotency'],
    ['nchat_live_audit_log'],
    ['tallylight.migrations'],
  ])('%s is nothing for the request role', async (table) => {
    const rights = `SELECT has_any_column_privilege('tallylight_request', '${table}', 'SELECT, INSERT, UPDATE')
      OR has_table_privilege('tallylight_request', '${table}', 'DELETE, TRUNCATE, REFERENCES, TRIGGER')`;
    expect(await names(rights)).toEqual([false]);
  });

  test('are written by the request role column by column: a new one is the server’s until somebody grants it', async () => {
    const whole = `SELECT c.relname FROM pg_class c WHERE ${TABLES}
      AND has_table_privilege('tallylight_request', c.oid, 'INSERT, UPDATE, TRUNCATE, REFERENCES, TRIGGER')`;
    expect(await names(whole)).toEqual([]);
  });

  test.each([
    ['nchat_streams', 'INSERT', ['hls_manifest_url', 'ended_at', 'stream_key', 'total_view_count']],
    [
      'nchat_streams',
      'UPDATE',
      ['channel_id', 'broadcaster_id', 'automod', 'started_at', 'ended_at', 'stream_key'],
    ],
    ['nchat_channel_subscriptions', 'UPDATE', ['channel_id', 'user_id', 'started_at']],
    ['nchat_stream_reminders', 'UPDATE', ['stream_id', 'user_id']],
    ['nchat_stream_notification_settings', 'UPDATE', ['channel_id', 'user_id']],
    ['nchat_stream_thumbnails', 'UPDATE', ['stream_id']],
  ])('of %s, the request role has no %s of %j', async (table, right, columns) => {
    const granted =
      await names(`SELECT attname FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0
      AND NOT attisdropped AND has_column_privilege('tallylight_request', attrelid, attname, '${right}')`);
    expect(granted.length).toBeGreaterThan(0);
    expect(columns.filter((column) => granted.includes(column))).toEqual([]);
  });

  test('are found by an index from what they point to: whoever deletes that reads no whole table', async () => {
    // Also a partial one of what is not NULL: PostgreSQL asks for a value.
    const without = `SELECT c.conrelid::regclass || ' (' || (SELECT string_agg(a.attname, ', ') FROM pg_attribute a
        WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) || ') of ' || c.confrelid::regclass
      FROM pg_constraint c
      WHERE c.contype = 'f' AND c.conparentid = 0 AND NOT EXISTS (
        SELECT 1 FROM pg_index i
        WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
          AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))
      ORDER BY 1`;
    expect(await names(without)).toEqual([]);
  });

  test.each([
    ['nchat_streams', ['automod', 'ingest_url', 'livekit_egress_id', 'livekit_room_name', 'stream_key']],
    ['nchat_stream_viewers', ['ip_address', 'metadata', 'user_agent']],
    ['nchat_live_accounts', ['disabled_at']],
  ])('of %s, the request role cannot read %j', async (table, secret) => {
    const hidden =
      await names(`SELECT attname FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0
      AND NOT attisdropped AND NOT has_column_privilege('tallylight_request', attrelid, attname, 'SELECT') ORDER BY attname`);
    expect(hidden).toEqual(expect.arrayContaining(secret));
  });
});

describe('schemas', () => {
  test('those of other libraries are nothing for the request role', async () => {
    const usable = await names(`SELECT nspname FROM pg_namespace
      WHERE has_schema_privilege('tallylight_request', oid, 'USAGE') AND nspname NOT LIKE 'pg\\_%' ORDER BY nspname`);
    expect(usable).toEqual(['auth', 'information_schema', 'public', 'tallylight']);
  });

  test('the request role makes nothing anywhere', async () => {
    const makes = `SELECT nspname FROM pg_namespace WHERE has_schema_privilege('tallylight_request', oid, 'CREATE')`;
    expect(await names(makes)).toEqual([]);
  });

  test('nobody but our roles gets to the functions', async () => {
    const everybody = `SELECT nspname FROM pg_namespace n, aclexplode(n.nspacl) g WHERE nspname = 'tallylight' AND g.grantee = 0`;
    expect(await names(everybody)).toEqual([]);
  });
});

describe('roles', () => {
  test('are neither superusers nor above row-level security, and log in nowhere', async () => {
    const rights = `SELECT rolname || ' ' || (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb OR rolreplication)
      FROM pg_roles WHERE rolname LIKE 'tallylight\\_re%' OR rolname LIKE 'tallylight\\_service' ORDER BY rolname`;
    expect(await names(rights)).toEqual(['tallylight_request false', 'tallylight_service false']);
  });

  test('the request role owns nothing and is in no other role', async () => {
    const owned = `SELECT relname FROM pg_class WHERE relowner = 'tallylight_request'::regrole
      UNION ALL SELECT proname FROM pg_proc WHERE proowner = 'tallylight_request'::regrole
      UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = 'tallylight_request'::regrole
      UNION ALL SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'tallylight_request'::regrole`;
    expect(await names(owned)).toEqual([]);
  });
});

describe('views', () => {
  test('show what their reader may see, not what their owner may', async () => {
    const views = `SELECT c.relname || ' ' || coalesce(array_to_string(c.reloptions, ','), '') FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v' ORDER BY c.relname`;
    expect(await names(views)).toEqual([
      'nchat_live_streams security_invoker=true',
      'nchat_top_streams security_invoker=true',
    ]);
  });
});

describe('functions', () => {
  test('that run as their owner have a path of their own, with temporary tables last', async () => {
    const definers = await names(
      `SELECT proname FROM pg_proc WHERE pronamespace = 'tallylight'::regnamespace AND prosecdef`,
    );
    expect(definers.length).toBeGreaterThan(8);
    const loose = `SELECT proname || ': ' || coalesce(array_to_string(proconfig, ','), '') FROM pg_proc
      WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND prosecdef
        AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)`;
    expect(await names(loose)).toEqual([]);
  });

  test('that run as their caller have one too, but for those that are a single expression, or name every schema', async () => {
    const loose = `SELECT proname FROM pg_proc WHERE pronamespace = 'tallylight'::regnamespace AND NOT prosecdef
      AND NOT EXISTS (SELECT 1 FROM unnest(proconfig) AS setting WHERE setting LIKE 'search\\_path=%')
      ORDER BY proname`;
    // A setting would keep PostgreSQL from putting the first four in the place of their calls.
    expect(await names(loose)).toEqual(['claim', 'host_keeps_channels', 'is_admin', 'send_chat', 'user_id']);
  });

  test('that run as the owner of the tables are for the service alone', async () => {
    const callable = `SELECT proname FROM pg_proc WHERE pronamespace = 'tallylight'::regnamespace AND prosecdef
      AND proowner <> 'tallylight_service'::regrole AND has_function_privilege('tallylight_request', oid, 'EXECUTE')`;
    expect(await names(callable)).toEqual([]);
  });
});
