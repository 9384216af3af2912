import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import pino from 'pino';
import { Database } from '../database.ts';
import { migrate } from '../migrate.ts';

/** The login role of tests: like the server's own, it owns its database and is no superuser. */
const ROLE = 'tallylight_test';

/** A database of a test's own, migrated, on the server that `TEST_DATABASE_URL` names (a superuser's URL). */
export class TestDatabase {
  /** Logs in as the product does: as the owner of the tables, who is no superuser. */
  readonly url: string;
  /** Logs in as a superuser. */
  readonly adminUrl: string;
  readonly database: Database;
  readonly #serverUrl: string;
  readonly #name: string;

  private constructor(serverUrl: string, name: string) {
    this.#serverUrl = serverUrl;
    this.#name = name;
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    this.adminUrl = url.href;
    url.username = ROLE;
    url.password = ROLE;
    this.url = url.href;
    this.database = new Database({ url: this.url, log: pino({ level: 'silent' }) });
  }

  /** Makes and migrates it; `before` is SQL that is there already when it is migrated, such as a host app's tables. */
  static async create(
    serverUrl = process.env['TEST_DATABASE_URL'],
    options: { readonly before?: string } = {},
  ): Promise<TestDatabase> {
    if (serverUrl === undefined) throw new Error('TEST_DATABASE_URL is not set');
    const name = `t_${randomBytes(6).toString('hex')}`;
    await statement(serverUrl, MAKE_ROLES);
    await statement(serverUrl, `CREATE DATABASE ${name} OWNER ${ROLE}`);
    const test = new TestDatabase(serverUrl, name);
    if (options.before !== undefined) await statement(test.url, options.before);
    await migrate(test.url);
    return test;
  }

  /** Ends its connections and removes it. */
  async drop(): Promise<void> {
    await this.database.close();
    await statement(this.#serverUrl, `DROP DATABASE IF EXISTS ${this.#name} WITH (FORCE)`);
  }
}

/** Roles belong to the whole server, which several tests use at once; the product's may have been made by somebody else. */
const MAKE_ROLES = `
DO $$
DECLARE
  name text;
BEGIN
  PERFORM pg_advisory_xact_lock(4711);
  IF to_regrole('${ROLE}') IS NULL THEN
    CREATE ROLE ${ROLE} LOGIN CREATEROLE PASSWORD '${ROLE}';
  END IF;
  FOREACH name IN ARRAY ARRAY['tallylight_request', 'tallylight_service'] LOOP
    IF to_regrole(name) IS NULL THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', name);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = to_regrole(name) AND member = to_regrole('${ROLE}') AND admin_option) THEN
      EXECUTE format('GRANT %I TO ${ROLE} WITH ADMIN OPTION', name);
    END IF;
  END LOOP;
END $$`;

async function statement(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
