/** How often an FFmpeg may die. */
export interface RestartLimits {
  /** Waits before the first, second, … restart in a row; the last one repeats. Default 0.25, 0.5, 1, 2, 5 s. */
  readonly delaysMs: readonly number[];
  /** So many deaths within `windowMs` and it is given up. Default 5. */
  readonly maxDeaths: number;
  /** Default 60 000. */
  readonly windowMs: number;
}

/** The limits of a newcomer's installation. */
export const DEFAULT_RESTART_LIMITS: RestartLimits = {
  delaysMs: [250, 500, 1000, 2000, 5000],
  maxDeaths: 5,
  windowMs: 60_000,
};

/** Decides when a dead FFmpeg is started again, and when no more. */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  #deathsMs: number[] = [];
  #inARow = 0;

  constructor(limits: RestartLimits = DEFAULT_RESTART_LIMITS) {
    this.#limits = limits;
  }

  /** A death at a monotonic time: the wait before the restart, or undefined when it is given up. */
  died(nowMs: number): number | undefined {
    const { delaysMs, maxDeaths, windowMs } = this.#limits;
    const last = this.#deathsMs.at(-1);
    // A whole window of health forgives what was before.
    if (last !== undefined && nowMs - last > windowMs) this.#inARow = 0;
    this.#deathsMs = [...this.#deathsMs.filter((deathMs) => nowMs - deathMs < windowMs), nowMs];
    if (this.#deathsMs.length >= maxDeaths) return undefined;
    const delayMs = delaysMs[Math.min(this.#inARow, delaysMs.length - 1)] ?? 0;
    this.#inARow++;
    return delayMs;
  }

  /** Starts counting anew. */
  reset(): void {
    this.#deathsMs = [];
    this.#inARow = 0;
  }
}
