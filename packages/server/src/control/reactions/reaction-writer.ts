import type { StreamReaction } from '@tallylight/protocol/entities/talk.ts';
import type { Database } from '../../db/database.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ReactionLimits } from './reactions-limits.ts';
import { insertReactions } from './repository.ts';

/** Where reactions are written, and how many at once. */
export interface ReactionWriterOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly limits: Pick<ReactionLimits, 'flushMs' | 'batchRows' | 'waiting'>;
}

/** Longest pause between two tries, in milliseconds: short, because what waits grows, and a try while the database is away costs nothing. */
const LONGEST_PAUSE_MS = 500;

/** A database that is too slow even for so few rows has another trouble than their number. */
const FEWEST_ROWS = 50;

/** Collects reactions and writes them together. While the database is away they wait, as many as there is room for. */
export class ReactionWriter {
  readonly #options: ReactionWriterOptions;
  #waiting: StreamReaction[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #pauseMs: number;
  /** Of the next insert: less after one that failed, because one that takes too long once would do so for ever. */
  #rows: number;
  #isLate = false;

  constructor(options: ReactionWriterOptions) {
    this.#options = options;
    this.#pauseMs = options.limits.flushMs;
    this.#rows = options.limits.batchRows;
  }

  /** Reactions that are not written yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes one in; false when there is no room. */
  add(reaction: StreamReaction): boolean {
    if (this.#waiting.length >= this.#options.limits.waiting) return false;
    this.#waiting.push(reaction);
    this.#flushLater();
    return true;
  }

  /** Writes one now, by itself. */
  async write(reaction: StreamReaction): Promise<void> {
    // Under the service's role: the rules were asked by the caller, and the stream's counter is not the users' to write.
    await this.#options.database.asService((tx) => insertReactions(tx, [reaction]));
  }

  /** Writes what waits. Never rejects: what could not be written waits on. */
  flush(): Promise<void> {
    this.#flushing ??= this.#writeAll().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Writes what waits, as far as the database takes it. */
  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0)
      this.#options.log.warn({ reactions: this.#waiting.length }, 'reactions were not written');
  }

  async #writeAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, this.#rows);
      try {
        await this.#options.database.asService((tx) => insertReactions(tx, batch));
        this.#went();
      } catch (error) {
        if (!isOfTheRows(error)) {
          this.#wait(error);
          return;
        }
        this.#options.log.error({ error, reactions: batch.length }, 'reactions could not be written');
      }
      this.#waiting = this.#waiting.slice(batch.length);
    }
  }

  #went(): void {
    const { batchRows, flushMs } = this.#options.limits;
    this.#pauseMs = flushMs;
    this.#rows = Math.min(this.#rows * 2, batchRows);
    if (this.#isLate) this.#options.log.info({}, 'reactions are written again');
    this.#isLate = false;
  }

  /** Tries again later, with fewer. */
  #wait(error: unknown): void {
    const reactions = this.#waiting.length;
    if (!this.#isLate) this.#options.log.warn({ error, reactions }, 'reactions wait to be written');
    this.#isLate = true;
    this.#rows = Math.max(Math.ceil(this.#rows / 2), Math.min(FEWEST_ROWS, this.#options.limits.batchRows));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#flushLater();
  }

  /** A timer that fires while a write is under way has done its work: the write goes on until nothing waits. The next one needs a new timer. */
  #flushLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, this.#pauseMs).unref();
  }
}

/** True when the same rows would fail again: data exceptions and violated constraints, SQLSTATE classes 22 and 23. */
function isOfTheRows(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^2[23]...$/.test(error.code)
  );
}
