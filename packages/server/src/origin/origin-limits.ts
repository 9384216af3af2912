/** What the origin allows one client and all of them together. Times are milliseconds. */
export interface OriginLimits {
  /**
   * Longest hold of a blocking reload or of a hinted part; the shorter of this and 3 target durations counts, then 503.
   * Media3 gives up at 8 s, hls.js and Shaka at 10 s. Default 7500.
   */
  readonly maxHoldMs: number;
  /** Requests of one client address that may wait at the same time; one more gets 503. Default 1000. */
  readonly maxHeldPerAddress: number;
  /** Requests that may wait at the same time in all; one more gets 503. Default 5000. */
  readonly maxHeld: number;
  /** How long a request waits for a stream that is just starting (no playlist to show yet), then 404. Default 3000. */
  readonly startHoldMs: number;
  /** Period of the one timer that looks for expired holds and for readers that do not read. Default 50. */
  readonly tickMs: number;
  /** Most bytes of one body that may wait in memory for a reader; the rest follows as it drains. Default 1 MiB. */
  readonly maxBufferedBytes: number;
  /** A response whose buffered bytes do not shrink for this long is cut off. Default 20000. */
  readonly drainTimeoutMs: number;
}

/** The defaults of {@link OriginLimits}. */
export const DEFAULT_ORIGIN_LIMITS: OriginLimits = {
  maxHoldMs: 7500,
  maxHeldPerAddress: 1000,
  maxHeld: 5000,
  startHoldMs: 3000,
  tickMs: 50,
  maxBufferedBytes: 1 << 20,
  drainTimeoutMs: 20_000,
};

/** Longest hold of a request for a rendition with this target duration, in milliseconds. */
export function holdMs(limits: OriginLimits, targetDurationSec: number): number {
  return Math.min(limits.maxHoldMs, 3000 * targetDurationSec);
}
