import { sql } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Jobs } from './jobs.ts';

/** How long things are kept that nobody asked to keep. */
export interface RetentionLimits {
  /** Quality metrics, in days; whole months go at once. Default 90. */
  readonly metricsDays: number;
  /** Answers kept for idempotency keys, in hours. Default 24. */
  readonly idempotencyHours: number;
}

/** What holds when nobody says otherwise. */
export const DEFAULT_RETENTION: RetentionLimits = { metricsDays: 90, idempotencyHours: 24 };

/** What housekeeping works with. */
export interface HousekeepingOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: RetentionLimits;
}

const DAY_MS = 86_400_000;
/** Rows that one statement removes: it must end within the time that a statement may take. */
const BATCH = 2000;

/** Has the server's own tidying done every day and hour. Before `jobs.start()`. */
export function registerHousekeeping(jobs: Jobs, options: HousekeepingOptions): void {
  jobs.every('10 3 * * *', 'metrics-partitions', () => keepPartitions(options));
  jobs.every('20 * * * *', 'idempotency-cleanup', async () => {
    await forgetAnswers(options);
  });
}

/** Makes the metrics' partitions of this month and the next two, and removes those whose days are all too old. */
export async function keepPartitions({ database, clock, log, limits }: HousekeepingOptions): Promise<void> {
  const { metricsDays } = limits ?? DEFAULT_RETENTION;
  const today = new Date(clock.now());
  await database.asService(async (tx) => {
    for (const ahead of [0, 1, 2]) {
      const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead, 1));
      await sql`SELECT tallylight.ensure_metrics_partition(${month})`.execute(tx);
    }
  });
  const before = new Date(clock.now() - metricsDays * DAY_MS);
  const { rows } = await database.asService((tx) =>
    sql<{ name: string }>`SELECT tallylight.drop_metrics_partitions(${before}) AS name`.execute(tx),
  );
  if (rows.length > 0) log.info({ partitions: rows.map(({ name }) => name) }, 'removed old quality metrics');
}

/** Removes the answers that idempotency keys no longer need. Returns how many. */
export async function forgetAnswers({ database, clock, limits }: HousekeepingOptions): Promise<number> {
  const { idempotencyHours } = limits ?? DEFAULT_RETENTION;
  const before = new Date(clock.now() - idempotencyHours * 3_600_000);
  for (let total = 0; ; ) {
    const { numAffectedRows = 0n } = await database.asService((tx) =>
      sql`DELETE FROM nchat_live_idempotency WHERE ctid IN (
        SELECT ctid FROM nchat_live_idempotency WHERE created_at < ${before} LIMIT ${BATCH})`.execute(tx),
    );
    total += Number(numAffectedRows);
    if (numAffectedRows < BATCH) return total;
  }
}
