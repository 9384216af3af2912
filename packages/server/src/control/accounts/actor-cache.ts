import type { Actor } from '../../api/actor.ts';
import type { Clock } from '../../platform/clock.ts';

/**
 * Who somebody is, remembered for a moment, because a page asks ten things at once. Short enough that a change made elsewhere, of
 * which nobody told this process, holds within two seconds.
 */
export class ActorCache {
  readonly #entries = new Map<string, { readonly actor: Actor; readonly untilMs: number }>();
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #maxEntries: number;
  /** Counts what was forgotten: an answer that was on its way then must not be kept. */
  #generation = 0;

  /**
   * @param maxEntries answers kept at most; the oldest goes for one more.
   * @param keepMs how long, in milliseconds. Default 1500.
   */
  constructor(clock: Clock, maxEntries: number, keepMs = 1500) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
    this.#keepMs = keepMs;
  }

  /** The actor of a token's hash, asked for by `find` when it is not known. */
  async of(key: string, find: () => Promise<Actor>): Promise<Actor> {
    const now = this.#clock.monotonicMs();
    const kept = this.#entries.get(key);
    if (kept !== undefined && kept.untilMs > now) return kept.actor;
    const generation = this.#generation;
    const actor = await find();
    // Not nobody: guesses, each with a key of its own, would push out those who are somebody.
    if (generation === this.#generation && actor.userId !== undefined) this.#keep(key, actor, now);
    return actor;
  }

  /** Forgets what is known of a person. */
  forget(userId: string): void {
    this.#generation++;
    for (const [key, { actor }] of this.#entries) if (actor.userId === userId) this.#entries.delete(key);
  }

  #keep(key: string, actor: Actor, now: number): void {
    // Oldest first: a Map keeps the order of insertion.
    this.#entries.delete(key);
    this.#entries.set(key, { actor, untilMs: now + this.#keepMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries) break;
      this.#entries.delete(oldest);
    }
  }
}
