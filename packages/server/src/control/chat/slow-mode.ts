import type { Clock } from '../../platform/clock.ts';

/** Longest slow mode, in milliseconds: what lies further back no longer matters. */
const LONGEST_MS = 120_000;

/** When each person last wrote in each stream, by the monotonic clock. */
export class SlowMode {
  readonly #clock: Clock;
  readonly #last = new Map<string, number>();

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  /** Notes that somebody writes now; returns the way to take that back. */
  note(streamId: string, userId: string): () => void {
    const key = `${streamId}/${userId}`;
    const before = this.#last.get(key);
    const nowMs = this.#clock.monotonicMs();
    // The newest last, so that the old ones are found at the front.
    this.#last.delete(key);
    this.#last.set(key, nowMs);
    for (const [old, atMs] of this.#last) {
      if (atMs > nowMs - LONGEST_MS) break;
      this.#last.delete(old);
    }
    return () => {
      if (this.#last.get(key) !== nowMs) return;
      if (before === undefined) this.#last.delete(key);
      else this.#last.set(key, before);
    };
  }

  /** Undefined: not in the last two minutes. */
  lastSentMs(streamId: string, userId: string): number | undefined {
    return this.#last.get(`${streamId}/${userId}`);
  }
}
