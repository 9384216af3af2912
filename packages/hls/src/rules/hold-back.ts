/**
 * HOLD-BACK in seconds (rfc8216bis §4.4.3.8): the distance from the live end that clients without parts keep. MUST be at
 * least three target durations.
 */
export function holdBackSec(targetDurationSec: number): number {
  return 3 * targetDurationSec;
}

/**
 * PART-HOLD-BACK in seconds (§4.4.3.8): MUST be at least twice, SHOULD be three times the part target. Apple's authoring
 * specification (14.3) makes three times a MUST.
 */
export function partHoldBackSec(partTargetSec: number): number {
  return 3 * partTargetSec;
}

/** CAN-SKIP-UNTIL in seconds (§4.4.3.8): the skip boundary MUST be at least six target durations from the end. */
export function canSkipUntilSec(targetDurationSec: number): number {
  return 6 * targetDurationSec;
}

/** Seconds from the end beyond which parts SHOULD be taken off the list (§6.2.2): three target durations. */
export function partsListedSec(targetDurationSec: number): number {
  return 3 * targetDurationSec;
}
