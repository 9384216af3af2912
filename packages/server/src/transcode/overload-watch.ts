import type { ThroughputReport } from './throughput.ts';

/** When an FFmpeg counts as too slow. */
export interface OverloadLimits {
  /** Media time over wall time that it must keep. Default 0.95. */
  readonly minSpeed: number;
  /** How long it may stay below. Default 8000. */
  readonly graceMs: number;
  /** A backlog so old is overload even when it grows no more. Default 3000. */
  readonly maxLagMs: number;
}

/** The limits of a newcomer's installation. */
export const DEFAULT_OVERLOAD_LIMITS: OverloadLimits = { minSpeed: 0.95, graceMs: 8000, maxLagMs: 3000 };

/** Notices that an FFmpeg has been too slow for too long. */
export class OverloadWatch {
  readonly #limits: OverloadLimits;
  #slowSinceMs: number | undefined;

  constructor(limits: OverloadLimits = DEFAULT_OVERLOAD_LIMITS) {
    this.#limits = limits;
  }

  /** Takes a report at a monotonic time; true once when it is overloaded, and again after a further grace. */
  observe(report: ThroughputReport, nowMs: number): boolean {
    if (report.speed >= this.#limits.minSpeed && report.lagMs <= this.#limits.maxLagMs) {
      this.#slowSinceMs = undefined;
      return false;
    }
    this.#slowSinceMs ??= nowMs;
    if (nowMs - this.#slowSinceMs < this.#limits.graceMs) return false;
    this.#slowSinceMs = nowMs;
    return true;
  }
}
