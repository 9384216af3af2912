/** A subset of the DOM's `TimeRanges`. */
export interface Ranges {
  readonly length: number;
  start(index: number): number;
  end(index: number): number;
}

/** Media around the playhead. */
export interface BufferedMedia {
  /** Seconds that can be played without a stop. */
  readonly aheadSec: number;
  /** Where they end, on the media timeline. */
  readonly endSec: number;
}

/** A hole that browsers play across. */
const HOLE_SEC = 0.15;

/** Measures the media that follows the playhead. `media.buffered` is already the intersection of picture and sound. */
export function bufferedMedia(ranges: Ranges, currentTimeSec: number): BufferedMedia {
  let endSec = currentTimeSec;
  for (let index = 0; index < ranges.length; index += 1) {
    if (ranges.start(index) <= endSec + HOLE_SEC && ranges.end(index) > endSec) {
      endSec = ranges.end(index);
    }
  }
  return { aheadSec: endSec - currentTimeSec, endSec };
}
