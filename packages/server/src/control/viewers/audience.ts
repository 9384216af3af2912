import type { PlaybackSession } from './playback-session.ts';

/** The playback sessions of one stream that are remembered. */
export class Audience {
  readonly #sessions = new Map<string, PlaybackSession>();
  /** The newest session of each who signed in. */
  readonly #ofUsers = new Map<string, PlaybackSession>();
  #present = 0;
  /** The most that were present at once since `takePeak`. */
  #peak = 0;

  /** Sessions present now. */
  get present(): number {
    return this.#present;
  }

  /** Sessions remembered, those too whose leaving is still to be written. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Every session remembered. */
  all(): IterableIterator<PlaybackSession> {
    return this.#sessions.values();
  }

  /** A session by the player's own id of it. */
  find(sessionId: string): PlaybackSession | undefined {
    return this.#sessions.get(sessionId);
  }

  /** The newest session of somebody who signed in. */
  ofUser(userId: string): PlaybackSession | undefined {
    return this.#ofUsers.get(userId);
  }

  /** A session came, or came back. */
  entered(session: PlaybackSession): void {
    this.#sessions.set(session.start.sessionId, session);
    this.known(session);
    this.#present += 1;
    this.#peak = Math.max(this.#peak, this.#present);
  }

  /** A session's viewer has signed in. */
  known(session: PlaybackSession): void {
    if (session.userId !== undefined) this.#ofUsers.set(session.userId, session);
  }

  /** A session that was present has left. */
  left(): void {
    this.#present -= 1;
  }

  /** Nothing of a session that left is needed any more. */
  forget(session: PlaybackSession): void {
    this.#sessions.delete(session.start.sessionId);
    const { userId } = session;
    if (userId !== undefined && this.#ofUsers.get(userId) === session) this.#ofUsers.delete(userId);
  }

  /** The most that were present at once since the last call. */
  takePeak(): number {
    const peak = this.#peak;
    this.#peak = this.#present;
    return peak;
  }

  /** A peak could not be written. */
  giveBackPeak(peak: number): void {
    this.#peak = Math.max(this.#peak, peak);
  }
}
