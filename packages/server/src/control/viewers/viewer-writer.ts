import type { Database } from '../../db/database.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PlaybackSession } from './playback-session.ts';
import { type ViewerTotals, writeSessions, writeTotals } from './repository.ts';

/**
 * Writes sessions behind the viewers' backs, many in one statement: ten thousand that join at once are ten statements. What could not be
 * written, because the database is away, is written later.
 */
export class ViewerWriter {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #rowsPerStatement: number;
  readonly #onWritten: (session: PlaybackSession) => void;
  #changed = new Set<PlaybackSession>();
  #running: Promise<void> | undefined;
  #isFailing = false;

  constructor(options: {
    readonly database: Database;
    readonly log: Logger;
    readonly rowsPerStatement: number;
    /** Called with each session that is in the database as it is here. */
    readonly onWritten: (session: PlaybackSession) => void;
  }) {
    this.#database = options.database;
    this.#log = options.log;
    this.#rowsPerStatement = options.rowsPerStatement;
    this.#onWritten = options.onWritten;
  }

  /** The session is to be written. */
  changed(session: PlaybackSession): void {
    this.#changed.add(session);
  }

  /** The session is not to be written: its stream is gone. */
  drop(session: PlaybackSession): void {
    this.#changed.delete(session);
  }

  /** True while something is being written. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Writes what has changed, after what is being written. Never rejects: what fails is tried again with the next. */
  async write(
    totals: readonly ViewerTotals[],
    onTotalsFailed: (totals: readonly ViewerTotals[]) => void,
  ): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#running = this.#write(totals, onTotalsFailed).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #write(
    totals: readonly ViewerTotals[],
    onTotalsFailed: (totals: readonly ViewerTotals[]) => void,
  ): Promise<void> {
    const sessions = [...this.#changed];
    this.#changed = new Set();
    let isWritten = true;
    for (let at = 0; at < sessions.length; at += this.#rowsPerStatement) {
      const chunk = sessions.slice(at, at + this.#rowsPerStatement);
      // Once the database has failed the others wait too, instead of one time-out each.
      isWritten = isWritten && (await this.#writeChunk(chunk));
      if (!isWritten) for (const session of chunk) this.#changed.add(session);
    }
    if (totals.length === 0) return;
    if (isWritten && (await this.#try(() => this.#database.asService((tx) => writeTotals(tx, totals)))))
      return;
    onTotalsFailed(totals);
  }

  async #writeChunk(chunk: readonly PlaybackSession[]): Promise<boolean> {
    const rows = chunk.map((session) => session.take());
    let isRefused = false;
    const isWritten = await this.#try(async () => {
      try {
        // The server's own record of who watched: a viewer may write none of it.
        await this.#database.asService((tx) => writeSessions(tx, rows));
      } catch (error) {
        isRefused = isDataError(error);
        if (!isRefused) throw error;
        if (chunk.length === 1)
          this.#log.error(
            { error, streamId: chunk[0]?.start.streamId },
            'a viewer session is not written: it cannot be',
          );
      }
    });
    if (isRefused && chunk.length > 1) {
      for (const row of rows) row.session.giveBack(row);
      // One row that the database will never take must not hold the others back.
      const half = chunk.length >> 1;
      return (await this.#writeChunk(chunk.slice(0, half))) && (await this.#writeChunk(chunk.slice(half)));
    }
    if (isWritten) for (const session of chunk) if (!this.#changed.has(session)) this.#onWritten(session);
    if (!isWritten) for (const row of rows) row.session.giveBack(row);
    return isWritten;
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (this.#isFailing) this.#log.info({}, 'viewer sessions are written again');
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing)
        this.#log.warn({ error }, 'viewer sessions cannot be written; they are kept until they can');
      this.#isFailing = true;
      return false;
    }
  }
}

/** True for what is wrong with the rows and not with the database: SQLSTATE classes 22 (data) and 23 (constraints). */
function isDataError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code)
  );
}
