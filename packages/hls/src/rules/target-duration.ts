/** EXTINF rounded to the nearest integer, as it is compared with the target duration (rfc8216bis §4.4.3.1). */
export function roundedDurationSec(durationSec: number): number {
  return Math.round(durationSec);
}

/** "The EXTINF duration of each segment, when rounded to the nearest integer, MUST be less than or equal to" the target. */
export function fitsTargetDuration(durationSec: number, targetDurationSec: number): boolean {
  return roundedDurationSec(durationSec) <= targetDurationSec;
}

/** The smallest EXT-X-TARGETDURATION that holds segments of this length. */
export function targetDurationFor(longestSegmentSec: number): number {
  return Math.max(1, roundedDurationSec(longestSegmentSec));
}
