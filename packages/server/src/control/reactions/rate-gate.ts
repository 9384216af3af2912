import type { Clock } from '../../platform/clock.ts';

/** How often something may be done. */
export interface RateGateOptions {
  readonly clock: Clock;
  /** Times within the window. */
  readonly max: number;
  readonly windowMs: number;
  /** Callers remembered at most; the longest known are forgotten first. Default 100 000. */
  readonly keys?: number;
}

/** The last moments at which a caller came through, as a ring. */
interface Ring {
  readonly atMs: Float64Array;
  oldest: number;
}

/** Lets each caller through `max` times within any window of `windowMs`. In memory, exact, and without garbage per call. */
export class RateGate {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #windowMs: number;
  readonly #keys: number;
  readonly #rings = new Map<string, Ring>();

  constructor(options: RateGateOptions) {
    this.#clock = options.clock;
    this.#max = options.max;
    this.#windowMs = options.windowMs;
    this.#keys = options.keys ?? 100_000;
  }

  /** Takes one turn: 0 when it was free, else the milliseconds until one is. A refused try costs no turn. */
  take(key: string): number {
    const now = this.#clock.monotonicMs();
    const ring = this.#rings.get(key) ?? this.#open(key, now);
    const waitMs = (ring.atMs[ring.oldest] ?? 0) + this.#windowMs - now;
    if (waitMs > 0) return waitMs;
    ring.atMs[ring.oldest] = now;
    ring.oldest = (ring.oldest + 1) % this.#max;
    return 0;
  }

  #open(key: string, now: number): Ring {
    if (this.#rings.size >= this.#keys) this.#forget(now);
    const ring = { atMs: new Float64Array(this.#max).fill(Number.NEGATIVE_INFINITY), oldest: 0 };
    this.#rings.set(key, ring);
    return ring;
  }

  /** Drops who has not come for a whole window, and if that is nobody, the tenth that has been known longest. */
  #forget(now: number): void {
    for (const [key, ring] of this.#rings)
      if (Math.max(...ring.atMs) + this.#windowMs <= now) this.#rings.delete(key);
    let excess = this.#rings.size - Math.floor(this.#keys * 0.9);
    for (const key of this.#rings.keys()) {
      if (excess-- <= 0) return;
      this.#rings.delete(key);
    }
  }
}
