import { randomBytes } from 'node:crypto';
import pg from 'pg';
import pino from 'pino';
import { Database } from '../database.ts';
import { migrate } from '../migrate.ts';

/** A database of a test's own, migrated, on the server that `TEST_DATABASE_URL` names (a superuser's URL). */
export class TestDatabase {
  readonly url: string;
  readonly database: Database;
  readonly #adminUrl: string;
  readonly #name: string;

  private constructor(adminUrl: string, name: string) {
    this.#adminUrl = adminUrl;
    this.#name = name;
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    this.url = url.href;
    this.database = new Database({ url: this.url, log: pino({ level: 'silent' }) });
  }

  /** Makes and migrates it. */
  static async create(adminUrl = process.env['TEST_DATABASE_URL']): Promise<TestDatabase> {
    if (adminUrl === undefined) throw new Error('TEST_DATABASE_URL is not set');
    const name = `t_${randomBytes(6).toString('hex')}`;
    await statement(adminUrl, `CREATE DATABASE ${name}`);
    const test = new TestDatabase(adminUrl, name);
    await migrate(test.url);
    return test;
  }

  /** Ends its connections and removes it. */
  async drop(): Promise<void> {
    await this.database.close();
    await statement(this.#adminUrl, `DROP DATABASE IF EXISTS ${this.#name} WITH (FORCE)`);
  }
}

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
