/** Waits before the first, second, … restart in a row; the last one repeats. */
const DELAYS_MS = [250, 500, 1000, 2000, 5000] as const;
/** A child that lived so long starts a new row. */
const HEALTHY_AFTER_MS = 30_000;

/** Decides how long to wait before a dead child is started anew. It is never given up: without it there is no WebRTC. */
export class RestartDelay {
  #inARow = 0;

  /** The wait after a child that worked for `livedMs`. */
  afterLifeOf(livedMs: number): number {
    if (livedMs >= HEALTHY_AFTER_MS) this.#inARow = 0;
    const delayMs = DELAYS_MS[Math.min(this.#inARow, DELAYS_MS.length - 1)] ?? 0;
    this.#inARow++;
    return delayMs;
  }
}
