/** Size and duration of one segment as it is sent. */
export interface SegmentSize {
  readonly byteLength: number;
  readonly durationSec: number;
}

/** Bit rates of one media playlist, in whole bits per second, rounded up. */
export interface SegmentBitrates {
  /** Peak segment bit rate. */
  readonly peakBps: number;
  /** Average segment bit rate. */
  readonly averageBps: number;
}

/**
 * The two bit rates of rfc8216bis §4.1. The peak is the highest rate of any run of neighbouring segments that lasts
 * between 0.5 and 1.5 target durations; a run must start at every segment, so a segment longer than that counts alone.
 * Undefined without any duration.
 */
export function segmentBitrates(
  segments: readonly SegmentSize[],
  targetDurationSec: number,
): SegmentBitrates | undefined {
  let totalBits = 0;
  let totalSec = 0;
  let peakBps = 0;
  for (const [index, segment] of segments.entries()) {
    totalBits += segment.byteLength * 8;
    totalSec += segment.durationSec;
    peakBps = Math.max(peakBps, peakFrom(segments, index, targetDurationSec));
  }
  if (totalSec <= 0) return undefined;
  const averageBps = Math.ceil(totalBits / totalSec);
  // Shorter than half a target duration in all: no run qualifies, and the average is the best that is known.
  return { peakBps: Math.max(Math.ceil(peakBps), averageBps), averageBps };
}

/**
 * BANDWIDTH and AVERAGE-BANDWIDTH of a variant (§4.4.6.2.1): the sums over its video and the most demanding rendition
 * of each of its groups.
 */
export function variantBandwidth(
  video: SegmentBitrates | undefined,
  audio: readonly SegmentBitrates[],
): SegmentBitrates {
  return {
    peakBps: (video?.peakBps ?? 0) + Math.max(0, ...audio.map((rendition) => rendition.peakBps)),
    averageBps: (video?.averageBps ?? 0) + Math.max(0, ...audio.map((rendition) => rendition.averageBps)),
  };
}

function peakFrom(segments: readonly SegmentSize[], first: number, targetDurationSec: number): number {
  let bits = 0;
  let sec = 0;
  let peak = 0;
  for (let index = first; index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined) break;
    bits += segment.byteLength * 8;
    sec += segment.durationSec;
    if (sec > 1.5 * targetDurationSec && index > first) break;
    if (sec >= 0.5 * targetDurationSec && sec > 0) peak = Math.max(peak, bits / sec);
  }
  return peak;
}
