import type { Clock } from '../platform/clock.ts';

/** Something that wants to look at the time now and then. */
export interface Ticked {
  /** Called about once a period; false: nothing left to watch, do not call again until it is watched again. */
  tick(nowMs: number): boolean;
}

/**
 * One timer for everything that waits in the origin, so that 5000 held requests cost no timers of their own. Runs only while
 * something is watched, and never keeps the process alive.
 */
export class CoarseTimer {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #watched = new Set<Ticked>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param periodMs time between two ticks; a deadline is met up to this much late. */
  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  /** Monotonic milliseconds, the clock that deadlines are counted on. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Ticks `ticked` until it says that nothing is left. Watching twice is watching once. */
  watch(ticked: Ticked): void {
    if (this.#closed) return;
    this.#watched.add(ticked);
    this.#timer ??= setInterval(() => this.#tick(), this.#periodMs).unref();
  }

  /** Stops for good. */
  close(): void {
    this.#closed = true;
    this.#watched.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const ticked of this.#watched) {
      if (!ticked.tick(nowMs)) this.#watched.delete(ticked);
    }
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
