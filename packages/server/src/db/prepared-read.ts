import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import { type ClientBase, escapeLiteral } from 'pg';
import type { Tables } from './tables.ts';

/** What a parameter may be: PostgreSQL reads it as the type that the statement asks for. */
export type ReadParameter = string | number;

/** Builds statements and never runs one. */
const compiler = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/**
 * A SELECT that is asked often. Its text is made once; PostgreSQL parses and plans it once on each connection. For `Database.readAs`.
 */
export class PreparedRead<Row> {
  readonly #name: string;
  readonly #text: string;
  readonly #preparedOn = new WeakSet<ClientBase>();
  /** Of the rows: there is no value. */
  declare readonly row: Row;

  private constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
  }

  /**
   * @param name of its own: a plain identifier.
   * @param build makes the statement; the values that it is given there only say where parameters are, in the order of the text.
   */
  static of<Row>(name: string, build: (db: Kysely<Tables>) => Compilable<Row>): PreparedRead<Row> {
    return new PreparedRead(name, build(compiler).compile().sql);
  }

  /** Makes it known to a connection; nothing when it is already. `role`: what says for whom it will run, as its names are looked up then. */
  async prepareOn(client: ClientBase, role: string): Promise<void> {
    if (this.#preparedOn.has(client)) return;
    await client.query(`${role}; PREPARE ${this.#name} AS ${this.#text}`);
    this.#preparedOn.add(client);
  }

  /** The text that runs it once, on a connection that knows it. Parameters are literals: none of them can be anything else. */
  execute(parameters: readonly ReadParameter[]): string {
    const values = parameters.map((value) => escapeLiteral(String(value)));
    return `EXECUTE ${this.#name}${values.length === 0 ? '' : `(${values.join(', ')})`}`;
  }
}
