import { Client } from 'pg';
import type { Logger } from '../platform/logger.ts';

/** How to find out whether PostgreSQL answers. */
export interface AvailabilityOptions {
  readonly url: string;
  readonly log: Logger;
  /** An answer that takes longer is none, in milliseconds. */
  readonly timeoutMs: number;
}

/** Between two tries to reach a PostgreSQL that is away, in milliseconds. */
const PROBE_EVERY_MS = 250;

/**
 * Whether PostgreSQL answers. Once it did not, callers are refused at once instead of waiting each for a time-out of their own, until
 * a connection of ours gets an answer.
 */
export class Availability {
  readonly #options: AvailabilityOptions;
  #isAvailable = true;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #beat: NodeJS.Timeout;
  #lastBeatMs = performance.now();
  /** When this process last noticed that it had stood still. */
  #stoodStillMs = Number.NEGATIVE_INFINITY;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    this.#beat = setInterval(() => this.#noticePauses(), options.timeoutMs / 4).unref();
  }

  /** False from the first time-out until PostgreSQL answers again. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /**
   * Says that PostgreSQL did not answer. Not believed when it was this process that stood still: time-outs are looked at before what came
   * in meanwhile, so that an answer may have been there all the time.
   */
  lost(error: unknown): void {
    if (!this.#isAvailable || this.#isClosed) return;
    if (performance.now() - this.#stoodStillMs < this.#options.timeoutMs / 4) return;
    this.#isAvailable = false;
    this.#options.log.error({ error }, 'the database does not answer');
    const since = performance.now();
    const again = async (): Promise<void> => {
      if (this.#isClosed) return;
      if (await this.check()) {
        this.#isAvailable = true;
        this.#options.log.info(
          { awayMs: Math.round(performance.now() - since) },
          'the database answers again',
        );
      } else {
        this.#timer = setTimeout(() => void again(), PROBE_EVERY_MS).unref();
      }
    };
    void again();
  }

  /** Asks PostgreSQL on a connection of its own. Never throws. */
  async check(): Promise<boolean> {
    const { url, timeoutMs } = this.#options;
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      application_name: 'tallylight probe',
    });
    // Both the call and the event tell of a lost connection.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      client.connection.stream.destroy();
    }
  }

  /** Asks no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
  }

  /** After a pause its timer is due before every time-out that began within it, and Node runs timers in that order. */
  #noticePauses(): void {
    const now = performance.now();
    if (now - this.#lastBeatMs > this.#options.timeoutMs / 2) this.#stoodStillMs = now;
    this.#lastBeatMs = now;
  }
}
