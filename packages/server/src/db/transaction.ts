import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  DummyDriver,
  type QueryResult,
  Transaction,
} from 'kysely';
import type { ClientBase, QueryResultRow } from 'pg';
import type { Tables } from './tables.ts';

/** A transaction over the product's tables. */
export type Tx = Transaction<Tables>;

/** Commands whose count of rows says what they changed. */
const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/**
 * One transaction on one connection. It is unusable once it has ended, because the connection is somebody else's then; statements that
 * are asked for at once run one after the other.
 */
export class OpenTransaction implements DatabaseConnection {
  readonly tx: Tx;
  readonly #client: ClientBase;
  #isOpen = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: ClientBase, dialect: Dialect) {
    this.#client = client;
    const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), {
      provideConnection: (consumer) => consumer(this),
    });
    this.tx = new Transaction<Tables>({ config: { dialect }, driver: new DummyDriver(), dialect, executor });
  }

  /** No more statements from here on; resolves when those under way have ended. */
  async end(): Promise<void> {
    this.#isOpen = false;
    await this.#last.catch(() => {});
  }

  /** Runs one statement of Kysely's. */
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.#isOpen) throw new Error('this transaction has ended: await every statement before you return');
    const result = this.#last
      .catch(() => {})
      .then(() => this.#client.query<R & QueryResultRow>(query.sql, [...query.parameters]));
    this.#last = result;
    const { command, rowCount, rows } = await result;
    return CHANGES.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows };
  }

  /** Not offered: answers are bounded. */
  streamQuery(): never {
    throw new Error('streaming from the database is not offered');
  }
}
