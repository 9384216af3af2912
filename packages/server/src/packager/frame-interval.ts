/** A rate is steady when this many steps in a row came within the tolerance of their mean. */
const STEADY_STEPS = 6;
/** Milliseconds by which a steady step may differ: RTMP rounds to whole milliseconds. */
const TOLERANCE_MS = 2;
/** Steps beyond this are gaps, not intervals. */
const MAX_STEP_MS = 500;

/** Frame rates that publishers use, per second. */
const COMMON_RATES = [24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60];

/** The common frame rate within 0.5 % of a measured one, or the measured one: RTMP's milliseconds blur it. */
export function nominalFrameRate(measuredFps: number): number {
  const near =
    COMMON_RATES.toSorted((a, b) => Math.abs(a - measuredFps) - Math.abs(b - measuredFps))[0] ?? measuredFps;
  return Math.abs(near - measuredFps) < 0.005 * near ? near : measuredFps;
}

/** Learns the distance of a track's pictures from their decode times, in milliseconds. */
export class FrameInterval {
  #lastMs: number | undefined;
  #meanMs: number | undefined;
  #steadySteps = 0;
  #strangeSteps = 0;

  /** Mean distance in milliseconds; undefined before the second picture. */
  get meanMs(): number | undefined {
    return this.#meanMs;
  }

  /** True when the next picture can be expected one mean interval after the last. */
  get steady(): boolean {
    return this.#steadySteps >= STEADY_STEPS;
  }

  /** Takes note of a picture's decode time. */
  observe(dtsMs: number): void {
    const last = this.#lastMs;
    this.#lastMs = dtsMs;
    if (last === undefined) return;
    const step = dtsMs - last;
    if (step <= 0 || step > MAX_STEP_MS) {
      this.#steadySteps = 0;
      return;
    }
    const mean = this.#meanMs ?? step;
    if (Math.abs(step - mean) <= TOLERANCE_MS) {
      this.#meanMs = mean + (step - mean) / 32;
      this.#steadySteps += 1;
      this.#strangeSteps = 0;
      return;
    }
    // A burst or a hole is not a new rate until it has gone on for a while.
    this.#steadySteps = 0;
    this.#strangeSteps += 1;
    if (this.#strangeSteps >= STEADY_STEPS) this.#meanMs = step;
  }

  /** Forgets the last picture: the next one does not continue it. */
  reset(): void {
    this.#lastMs = undefined;
    this.#steadySteps = 0;
  }
}
