import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { Logger } from '../platform/logger.ts';
import { type Claims, claimsJson } from './claims.ts';
import type { Tables } from './tables.ts';

/** A transaction over the product's tables. */
export type Tx = Transaction<Tables>;

/** How to reach PostgreSQL. */
export interface DatabaseOptions {
  /** `postgres://…`; never logged. */
  readonly url: string;
  readonly log: Logger;
  /** Connections at most. Default 10. */
  readonly maxConnections?: number;
  /** A connection or an answer that takes longer is given up, in milliseconds. Default 1500. */
  readonly timeoutMs?: number;
}

/** int8 as number: our counters stay far below 2^53. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** The pool, and the only two ways through it: on behalf of somebody, or as the server itself. */
export class Database {
  readonly pool: pg.Pool;
  readonly #kysely: Kysely<Tables>;

  /** Opens nothing yet. */
  constructor(options: DatabaseOptions) {
    const timeoutMs = options.timeoutMs ?? 1500;
    this.pool = new pg.Pool({
      connectionString: options.url,
      max: options.maxConnections ?? 10,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      application_name: 'tallylight',
    });
    this.pool.on('error', (error) => options.log.warn({ error }, 'an idle database connection broke'));
    this.#kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: this.pool }) });
  }

  /** Runs a transaction that sees and does what row-level security allows these claims. */
  asUser<T>(claims: Claims, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#as('tallylight_request', claimsJson(claims), work);
  }

  /** Runs a transaction of the server's own: every row. Never with a request's unchecked word. */
  asService<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#as('tallylight_service', '', work);
  }

  /** Lets go of every connection; idempotent. */
  async close(): Promise<void> {
    if (!this.pool.ending) await this.#kysely.destroy();
  }

  #as<T>(
    role: 'tallylight_request' | 'tallylight_service',
    claims: string,
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    return this.#kysely.transaction().execute(async (tx) => {
      // Local to the transaction: the next one on this connection starts as nobody.
      await sql`SELECT set_config('role', ${role}, true), set_config('hasura.user', ${claims}, true)`.execute(
        tx,
      );
      return work(tx);
    });
  }
}
