import type { Clock } from '../../platform/clock.ts';

/** From so many keys on, full buckets are looked for and forgotten: those who wrote within the last seconds are fewer. */
const MANY = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** One token bucket a key: so many per second, and so many at once after a silence. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #perSec: number;
  readonly #burst: number;
  readonly #clock: Clock;

  constructor(options: { readonly perSec: number; readonly burst: number; readonly clock: Clock }) {
    this.#perSec = options.perSec;
    this.#burst = options.burst;
    this.#clock = options.clock;
  }

  /** Takes one; returns 0, or in how many milliseconds there will be one. */
  take(key: string): number {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, atMs: nowMs };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + ((nowMs - bucket.atMs) * this.#perSec) / 1000);
    bucket.atMs = nowMs;
    // A refusal costs nothing, so that whoever waits as told is served.
    // A hair less than one is one: fractions add up inexactly.
    if (bucket.tokens < 1 - 1e-9) {
      this.#buckets.set(key, bucket);
      return Math.ceil(((1 - bucket.tokens) * 1000) / this.#perSec - 1e-6);
    }
    bucket.tokens -= 1;
    if (!this.#buckets.has(key) && this.#buckets.size >= MANY) this.#forgetFull(nowMs);
    this.#buckets.set(key, bucket);
    return 0;
  }

  /** A bucket that is full again says nothing that a new one would not say. */
  #forgetFull(nowMs: number): void {
    for (const [key, { tokens, atMs }] of this.#buckets) {
      if (tokens + ((nowMs - atMs) * this.#perSec) / 1000 >= this.#burst) this.#buckets.delete(key);
    }
  }
}
