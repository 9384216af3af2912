import { sql } from 'kysely';
import type { Tx } from './transaction.ts';

/** What people may have so many of, each counted under a lock of its own. */
export type Counted =
  | 'api tokens'
  | 'channel follows'
  | 'channels'
  | 'open questions'
  | 'reminders'
  | 'unfinished streams'
  | 'user follows';

/**
 * Waits until nobody else adds to what an owner has of something, and keeps them waiting until the transaction ends: whoever counts after
 * this and then adds cannot be overtaken. An advisory lock and not the owner's row: that may be a host app's, the request role may not lock
 * it, and it would keep back everything else that points to that person. Before the count, which must be a statement of its own: each sees
 * what was committed before it began.
 */
export async function lockOwner(tx: Tx, what: Counted, ownerId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${what} of ${ownerId}`}, 0))`.execute(tx);
}
