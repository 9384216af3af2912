import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import { forgetAddresses } from './repository.ts';

/** Rows in one statement: none of them holds the table for long. */
const AT_ONCE = 1000;

/**
 * Forgets the addresses and User-Agents of viewers whose stream ended so many hours ago; country and kind of device stay. To be run once
 * an hour. Returns how many sessions it forgot.
 */
export async function forgetViewerAddresses(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly retentionHours: number;
}): Promise<number> {
  const before = new Date(options.clock.now() - options.retentionHours * 3_600_000);
  let forgotten = 0;
  for (;;) {
    // The server's own housekeeping: no request reaches it, and requests may not read addresses.
    const count = await options.database.asService((tx) => forgetAddresses(tx, before, AT_ONCE));
    forgotten += count;
    if (count < AT_ONCE) return forgotten;
  }
}
