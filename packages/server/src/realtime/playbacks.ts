import type { Logger } from '../platform/logger.ts';
import type { PlaybackJoin, ViewerPresence } from './ports.ts';

interface Playback {
  readonly join: PlaybackJoin;
  readonly sockets: Set<string>;
  ending: NodeJS.Timeout | undefined;
}

/**
 * Which playbacks are open over which connections. One that is seen over several connections, or that comes back within a grace, is one
 * viewer; the presence hears of its begin and end only.
 */
export class Playbacks {
  readonly #presence: ViewerPresence;
  readonly #log: Logger;
  readonly #graceMs: number;
  readonly #open = new Map<string, Playback>();

  /** @param graceMs for how long a playback without connection still counts. */
  constructor(presence: ViewerPresence, log: Logger, graceMs: number) {
    this.#presence = presence;
    this.#log = log;
    this.#graceMs = graceMs;
  }

  /** Playbacks that count now. */
  get size(): number {
    return this.#open.size;
  }

  /** A connection plays. Rejects with what the presence rejects with; then it does not count. */
  async enter(socketId: string, join: PlaybackJoin): Promise<void> {
    const key = keyOf(join);
    const known = this.#open.get(key);
    if (known !== undefined) {
      clearTimeout(known.ending);
      known.ending = undefined;
      known.sockets.add(socketId);
      return;
    }
    const playback: Playback = { join, sockets: new Set([socketId]), ending: undefined };
    this.#open.set(key, playback);
    try {
      await this.#presence.join(join);
    } catch (error) {
      if (this.#open.get(key) === playback) this.#open.delete(key);
      throw error;
    }
  }

  /**
   * A connection does not play any more.
   * @param isLost the connection broke: the player may come back over another one.
   */
  exit(socketId: string, join: PlaybackJoin, isLost: boolean): void {
    const key = keyOf(join);
    const playback = this.#open.get(key);
    if (playback === undefined || !playback.sockets.delete(socketId) || playback.sockets.size > 0) return;
    if (isLost) playback.ending = setTimeout(() => this.#end(key, playback), this.#graceMs).unref();
    else this.#end(key, playback);
  }

  /** Ends every playback at once. */
  close(): void {
    for (const [key, playback] of this.#open) {
      clearTimeout(playback.ending);
      this.#end(key, playback);
    }
  }

  #end(key: string, { join }: Playback): void {
    this.#open.delete(key);
    this.#presence
      .leave(join.streamId, join.sessionId, join.actor)
      .catch((error: unknown) =>
        this.#log.warn({ err: error, streamId: join.streamId }, 'a viewer could not leave'),
      );
  }
}

/** By person too: nobody takes part in another's playback by knowing its id. */
function keyOf({ streamId, sessionId, actor }: PlaybackJoin): string {
  return JSON.stringify([streamId, actor.userId ?? '', sessionId]);
}
