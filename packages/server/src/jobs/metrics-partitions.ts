import { sql } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** How long quality metrics are kept, in days, where nobody says otherwise; whole months go at once. */
export const DEFAULT_METRICS_RETENTION_DAYS = 90;

/** What keeping the partitions in order works with. */
export interface MetricsPartitionsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default 90. */
  readonly retentionDays?: number;
}

const DAY_MS = 86_400_000;

/** Makes the metrics' partitions of this month and the next two, and removes those whose days are all too old. For a job, every day. */
export async function keepMetricsPartitions(options: MetricsPartitionsOptions): Promise<void> {
  const { database, clock, log, retentionDays = DEFAULT_METRICS_RETENTION_DAYS } = options;
  const today = new Date(clock.now());
  await database.asService(async (tx) => {
    for (const ahead of [0, 1, 2]) {
      const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead, 1));
      await sql`SELECT tallylight.ensure_metrics_partition(${month})`.execute(tx);
    }
  });
  const before = new Date(clock.now() - retentionDays * DAY_MS);
  const { rows } = await database.asService((tx) =>
    sql<{ name: string }>`SELECT tallylight.drop_metrics_partitions(${before}) AS name`.execute(tx),
  );
  if (rows.length > 0) log.info({ partitions: rows.map(({ name }) => name) }, 'removed old quality metrics');
}
