import { sql } from 'kysely';
import { v7 } from 'uuid';
import type { AnswerStore, Claim, KeptAnswer, OnceKey } from '../../api/idempotency.ts';
import type { Database, Tx } from '../../db/database.ts';

/** A claim that is older, in seconds, is of a server that was killed: whoever asks next takes it over. Longer than any request lives. */
const ABANDONED_SECONDS = 60;
/** How long answers are kept, in hours. */
const KEPT_HOURS = 24;

/** Answers that are given again, in `nchat_live_idempotency`: they outlive the server. */
export class AnswerRepository implements AnswerStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** See {@link AnswerStore.claim}. Of two at once one gets it. Who takes an abandoned one over gets its id: what was made may be there. */
  claim(key: OnceKey, requestHash: string): Promise<Claim> {
    // The service's work: the rows are keyed by the actor that the API has proven, and are nobody's to read.
    return this.#database.asService(async (tx) => {
      const taken = await sql<{ created_id: string }>`
        INSERT INTO nchat_live_idempotency AS kept (user_id, operation, key, request_hash, created_id)
        VALUES (${key.userId}, ${key.operation}, ${key.key}, ${requestHash}, ${v7()}::uuid)
        ON CONFLICT (user_id, operation, key) DO UPDATE
          SET created_at = now(), request_hash = excluded.request_hash, status = NULL, body = NULL,
              created_id = CASE WHEN kept.created_at < now() - make_interval(hours => ${KEPT_HOURS})
                THEN excluded.created_id ELSE coalesce(kept.created_id, excluded.created_id) END
          WHERE kept.created_at < now() - make_interval(hours => ${KEPT_HOURS})
             OR (kept.status IS NULL AND kept.request_hash = excluded.request_hash
               AND kept.created_at < now() - make_interval(secs => ${ABANDONED_SECONDS}))
        RETURNING kept.created_id`.execute(tx);
      const [mine] = taken.rows;
      return mine === undefined ? this.#known(tx, key, requestHash) : { createdId: mine.created_id };
    });
  }

  /** See {@link AnswerStore.keep}. */
  async keep(key: OnceKey, { status, body }: KeptAnswer): Promise<void> {
    await this.#database.asService((tx) =>
      tx
        .updateTable('nchat_live_idempotency')
        .set({ status, body: JSON.stringify(body ?? null) })
        .where('user_id', '=', key.userId)
        .where('operation', '=', key.operation)
        .where('key', '=', key.key)
        .execute(),
    );
  }

  /** See {@link AnswerStore.release}. */
  async release(key: OnceKey): Promise<void> {
    await this.#database.asService((tx) =>
      tx
        .deleteFrom('nchat_live_idempotency')
        .where('user_id', '=', key.userId)
        .where('operation', '=', key.operation)
        .where('key', '=', key.key)
        .where('status', 'is', null)
        .execute(),
    );
  }

  /** Forgets answers that are a day old; returns how many. For a job. */
  async prune(): Promise<number> {
    const [result] = await this.#database.asService((tx) =>
      tx
        .deleteFrom('nchat_live_idempotency')
        .where('created_at', '<', sql<Date>`now() - make_interval(hours => ${KEPT_HOURS})`)
        .execute(),
    );
    return Number(result?.numDeletedRows ?? 0);
  }

  async #known(tx: Tx, key: OnceKey, requestHash: string): Promise<Claim> {
    const row = await tx
      .selectFrom('nchat_live_idempotency')
      .select(['request_hash', 'status', 'body'])
      .where('user_id', '=', key.userId)
      .where('operation', '=', key.operation)
      .where('key', '=', key.key)
      .executeTakeFirst();
    // Given back in between: the caller asks again.
    if (row === undefined) return 'under-way';
    if (row.request_hash !== requestHash) return 'other-request';
    return row.status === null ? 'under-way' : { status: row.status, body: row.body };
  }
}
