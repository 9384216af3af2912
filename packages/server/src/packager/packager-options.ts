/** How a live stream is cut. Constant for the stream's life: players refuse changes (rfc8216bis §4.4.3.1, §4.4.3.7). */
export interface PackagerOptions {
  /** Nominal part, in milliseconds. Default 200; 333 to 500 for big audiences. */
  readonly partDurationMs: number;
  /** Shortest segment, in milliseconds; a segment still waits for the next IDR. Default 2000. */
  readonly segmentDurationMs: number;
  /** EXT-X-TARGETDURATION, in seconds. Default 3: the slack shows that a publisher's GOP is too long before it is too late. */
  readonly targetDurationSec: number;
  /** Complete segments listed. Default 7; at least 6 (Apple's authoring specification 8.11). */
  readonly windowSegments: number;
}

/** The defaults of `PackagerOptions`. */
export const defaultPackagerOptions: PackagerOptions = {
  partDurationMs: 200,
  segmentDurationMs: 2000,
  targetDurationSec: 3,
  windowSegments: 7,
};

/**
 * PART-TARGET in seconds. A ceiling 8 % above the nominal part, so that for every frame rate from 23.976 to 60 fps and every AAC
 * frame at 16 to 48 kHz a whole number of frames lasts 85 to 100 % of it (rfc8216bis §4.4.4.9), whatever the source sends later.
 */
export function partTargetSec(partDurationMs: number): number {
  return Math.round(partDurationMs * 1.08) / 1000;
}
