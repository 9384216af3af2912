import { PostgresDialect } from 'kysely';
import { type ClientBase, escapeLiteral, Pool, type PoolClient, type QueryResult, types } from 'pg';
import type { Logger } from '../platform/logger.ts';
import { Availability } from './availability.ts';
import { type Claims, claimsJson } from './claims.ts';
import { DatabaseUnavailableError, isConnectionLost, isUnavailable, sqlState } from './database-error.ts';
import type { PreparedRead, ReadParameter } from './prepared-read.ts';
import { OpenTransaction, type Tx } from './transaction.ts';

export type { Tx } from './transaction.ts';

/** How to reach PostgreSQL. */
export interface DatabaseOptions {
  /** `postgres://…`; never logged. */
  readonly url: string;
  readonly log: Logger;
  /** Connections at most. Default 10. */
  readonly maxConnections?: number;
  /** Callers that wait for a connection at most; the next one is refused at once. Default 1000. */
  readonly maxWaiting?: number;
  /** A connection or an answer that takes longer is given up, in milliseconds. Default 1500. */
  readonly timeoutMs?: number;
}

/** Whom a transaction runs as. */
type Role = 'tallylight_request' | 'tallylight_service';

/** int8 as number: our counters stay far below 2^53. */
types.setTypeParser(types.builtins.INT8, Number);

/** The pool, and the only ways through it: on behalf of somebody, or as the server itself. */
export class Database {
  /** For libraries that bring their own statements. What they do here is done as the login role, in a transaction of their own. */
  readonly pool: Pool;
  readonly #availability: Availability;
  readonly #dialect: PostgresDialect;
  readonly #timeoutMs: number;
  readonly #maxWaiting: number;

  /** Opens nothing yet. */
  constructor(options: DatabaseOptions) {
    this.#timeoutMs = options.timeoutMs ?? 1500;
    this.#maxWaiting = options.maxWaiting ?? 1000;
    this.#availability = new Availability({ ...options, timeoutMs: this.#timeoutMs });
    // `unknown`: the pool waits for the promise, which its types do not say.
    const onConnect = (client: ClientBase): unknown => prepare(client, this.#timeoutMs);
    this.pool = new Pool({
      connectionString: options.url,
      max: options.maxConnections ?? 10,
      connectionTimeoutMillis: Math.round(this.#timeoutMs * (2 / 3)),
      query_timeout: this.#timeoutMs,
      application_name: 'tallylight',
      keepAlive: true,
      onConnect,
    });
    // A connection that breaks while it is lent out, between two statements, says so in an event: unheard, that would end the process.
    this.pool.on('connect', (client) => client.on('error', () => {}));
    this.pool.on('error', (error) => options.log.warn({ error }, 'an idle database connection broke'));
    this.#dialect = new PostgresDialect({ pool: this.pool });
  }

  /** False while PostgreSQL does not answer: every call fails at once until it does again. */
  get available(): boolean {
    return this.#availability.isAvailable;
  }

  /** Asks PostgreSQL now, on a connection of its own; for readiness checks. Never throws; at most twice `timeoutMs`. */
  check(): Promise<boolean> {
    return this.#availability.check();
  }

  /**
   * Runs a transaction that sees and does what row-level security allows these claims. Throws `DatabaseUnavailableError` when PostgreSQL
   * is away, hangs or is overloaded; then nobody knows whether the changes took place.
   */
  asUser<T>(claims: Claims, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#as('tallylight_request', claimsJson(claims), work);
  }

  /**
   * Runs one statement as {@link asUser} does, in a transaction of its own that costs one round trip instead of three: text of several
   * statements is one transaction (PostgreSQL's protocol, "Simple Query"), so that role and claims hold for this statement alone.
   */
  async readAs<Row>(
    claims: Claims,
    question: PreparedRead<Row>,
    parameters: readonly ReadParameter[],
  ): Promise<readonly Row[]> {
    const client = await this.#connection();
    let broken: unknown;
    try {
      const role = begin('tallylight_request', claimsJson(claims));
      await question.prepareOn(client, role);
      // pg's types know of one result, and there is one for each statement.
      const results: unknown = await client.query(`${role}; ${question.execute(parameters)}`);
      return (results as readonly QueryResult[])[1]?.rows as readonly Row[];
    } catch (error) {
      // Rolled back by PostgreSQL itself. A plan that a migration made useless is made anew on a connection of its own.
      if (isConnectionLost(error) || isStalePlan(error)) broken = error;
      throw this.#judged(error);
    } finally {
      client.release(broken !== undefined);
    }
  }

  /** Runs a transaction of the server's own: every row. Never with a request's unchecked word. Throws as `asUser`. */
  asService<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#as('tallylight_service', '', work);
  }

  /** Lets go of every connection; idempotent. */
  async close(): Promise<void> {
    this.#availability.close();
    if (!this.pool.ending) await this.pool.end();
  }

  async #as<T>(role: Role, claims: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.#connection();
    const transaction = new OpenTransaction(client, this.#dialect);
    let broken: unknown;
    try {
      await client.query(`BEGIN; ${begin(role, claims)}`);
      const result = await work(transaction.tx);
      await transaction.end();
      const { command } = await client.query('COMMIT');
      // What PostgreSQL answers when a statement had failed, even if `work` caught that: nothing was kept.
      if (command !== 'COMMIT')
        throw new Error('the transaction was rolled back: one of its statements failed');
      return result;
    } catch (error) {
      broken = await this.#rollBack(client, transaction, error);
      throw this.#judged(error);
    } finally {
      client.release(broken !== undefined);
    }
  }

  /** Returns what makes the connection unfit for others, if anything does. */
  async #rollBack(client: PoolClient, transaction: OpenTransaction, error: unknown): Promise<unknown> {
    if (isConnectionLost(error)) return error;
    await transaction.end();
    try {
      await client.query('ROLLBACK');
      return undefined;
    } catch (lost) {
      if (isUnavailable(lost)) this.#availability.lost(lost);
      return lost;
    }
  }

  async #connection(): Promise<PoolClient> {
    if (!this.available) throw new DatabaseUnavailableError('it does not answer');
    if (this.pool.waitingCount >= this.#maxWaiting) {
      throw new DatabaseUnavailableError(`${this.pool.waitingCount} callers wait for a connection already`);
    }
    try {
      return await this.pool.connect();
    } catch (error) {
      throw this.#judged(error);
    }
  }

  /** Makes of PostgreSQL's absence an error that callers can act on, and remembers it; leaves every other error as it is. */
  #judged(error: unknown): unknown {
    if (!isUnavailable(error) && !isStalePlan(error)) return error;
    const message = error instanceof Error ? error.message : String(error);
    if (isSilence(error)) this.#availability.lost(error);
    return new DatabaseUnavailableError(message, { cause: error });
  }
}

/** Says who a transaction is for. Local to the transaction: the next one on this connection starts as nobody. */
function begin(role: Role, claims: string): string {
  return `SELECT set_config('role', '${role}', true), set_config('hasura.user', ${escapeLiteral(claims)}, true)`;
}

/** True when a prepared statement gives other columns than when it was prepared, or is not known: a table was changed meanwhile. */
function isStalePlan(error: unknown): boolean {
  return ['0A000', '26000'].includes(sqlState(error) ?? '');
}

/** True when PostgreSQL as a whole does not answer, rather than that one connection or statement failed. */
function isSilence(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && ['ECONNREFUSED', '57P03'].includes(String(error.code))) return true;
  return /^(?:Query read timeout|Connection terminated due to connection timeout)/.test(error.message);
}

/** What holds for every connection. A statement that is merely slow is ended by PostgreSQL, which leaves the connection whole. */
async function prepare(client: ClientBase, timeoutMs: number): Promise<void> {
  await client.query(
    `SET search_path TO public; SET statement_timeout TO ${Math.round(timeoutMs * 0.8)};
     SET idle_in_transaction_session_timeout TO 10000`,
  );
}
