import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import type { Database } from '../../db/database.ts';
import type { Logger } from '../../platform/logger.ts';
import { ensurePartition, writeSamples } from './repository.ts';
import type { TelemetryLimits } from './telemetry-limits.ts';

/** Writes samples, many in one statement, and keeps them for a while when the database is away. */
export class SampleWriter {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #limits: TelemetryLimits;
  /** Months whose partition is there, such as `2026-11`. */
  readonly #months = new Set<string>();
  #pending: StreamQualityMetrics[] = [];
  #running: Promise<void> | undefined;
  #isFailing = false;
  #dropped = 0;

  constructor(options: {
    readonly database: Database;
    readonly log: Logger;
    readonly limits: TelemetryLimits;
  }) {
    this.#database = options.database;
    this.#log = options.log;
    this.#limits = options.limits;
  }

  /** Samples that are not written yet. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Takes samples and writes what there is, unless it is being written. Never rejects: what fails is tried again with the next. */
  async write(samples: readonly StreamQualityMetrics[]): Promise<void> {
    this.#pending.push(...samples);
    this.#running ??= this.#writePending().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const chunk = this.#pending.slice(0, this.#limits.rowsPerStatement);
      try {
        // The server's own measurements: no request may write them.
        await this.#database.asService(async (tx) => {
          for (const { month, at } of this.#newMonths(chunk)) {
            await ensurePartition(tx, at);
            this.#months.add(month);
          }
          await writeSamples(tx, chunk);
        });
      } catch (error) {
        // It may have been of this transaction.
        this.#months.clear();
        this.#keep(error);
        return;
      }
      this.#pending.splice(0, chunk.length);
      if (!this.#isFailing) continue;
      this.#log.info({ dropped: this.#dropped }, 'quality metrics are written again');
      this.#isFailing = false;
      this.#dropped = 0;
    }
  }

  *#newMonths(chunk: readonly StreamQualityMetrics[]): Generator<{ month: string; at: string }> {
    for (const { recordedAt } of chunk) {
      const month = recordedAt.slice(0, 7);
      if (!this.#months.has(month)) yield { month, at: recordedAt };
    }
  }

  #keep(error: unknown): void {
    if (!this.#isFailing)
      this.#log.warn({ error }, 'quality metrics cannot be written; the last ones are kept until they can');
    this.#isFailing = true;
    const over = this.#pending.length - this.#limits.pendingSamples;
    if (over <= 0) return;
    this.#pending.splice(0, over);
    if (this.#dropped === 0)
      this.#log.warn(
        { kept: this.#limits.pendingSamples },
        'the oldest quality metrics are dropped: the database is away for too long',
      );
    this.#dropped += over;
  }
}
