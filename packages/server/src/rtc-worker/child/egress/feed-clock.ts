import type { Clock } from '../../../platform/clock.ts';

/** How fast the clock may fall back when everything comes later than it used to: 2 ms each second, more than clocks drift. */
const LEAK = 0.002;
/** A stream that is this much later than it was, in milliseconds, has stepped; waiting for the leak would take minutes. */
const STEP_MS = 1000;
/** For so long, in milliseconds, every unit must be that late. */
const STEP_AFTER_MS = 3000;

/**
 * When the media of a stream came to the server, by the wall clock: what sender reports say, and what the distance from live is
 * counted from. The earliest unit counts, so that neither jitter nor a transcoded rendition, which comes later, moves it. One clock for
 * all tracks keeps them in sync.
 */
export class FeedClock {
  readonly #clock: Clock;
  /** Unix time of monotonic 0: taken once, for steps of the system's clock must not move the media. */
  readonly #epochMs: number;
  /** Arrival on the monotonic clock less stream time, of the earliest units. */
  #offsetMs: number | undefined;
  #lastMs = 0;
  /** Since when, and by how little, every unit has been late; undefined while one was in time. */
  #late: { readonly sinceMs: number; leastMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#epochMs = clock.now() - clock.monotonicMs();
  }

  /** Milliseconds that only ever rise. */
  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** A unit of this stream time came now. */
  observe(streamMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const offset = nowMs - streamMs;
    const before = this.#offsetMs;
    if (before === undefined || offset <= before) {
      this.#offsetMs = offset;
      this.#late = undefined;
    } else {
      this.#offsetMs = Math.min(offset, before + (nowMs - this.#lastMs) * LEAK);
      this.#noteLate(nowMs, offset);
    }
    this.#lastMs = nowMs;
  }

  /** Stream time whose media comes just now; undefined before the first unit. */
  streamMs(): number | undefined {
    return this.#offsetMs === undefined ? undefined : this.#clock.monotonicMs() - this.#offsetMs;
  }

  /** Now, by the wall clock that every report of this feed goes by: milliseconds since the Unix epoch. */
  wallMs(): number {
    return this.#epochMs + this.#clock.monotonicMs();
  }

  #noteLate(nowMs: number, offset: number): void {
    const behindMs = offset - (this.#offsetMs ?? offset);
    if (behindMs < STEP_MS) {
      this.#late = undefined;
    } else if (this.#late === undefined) {
      this.#late = { sinceMs: nowMs, leastMs: offset };
    } else {
      this.#late.leastMs = Math.min(this.#late.leastMs, offset);
      if (nowMs - this.#late.sinceMs < STEP_AFTER_MS) return;
      this.#offsetMs = this.#late.leastMs;
      this.#late = undefined;
    }
  }
}
