import { type Ticks, ticks } from '@tallylight/media/time/ticks.ts';

/**
 * Continues RTMP's 32-bit milliseconds over their wrap after 49.7 days. One unwrapper serves all tracks of a publisher:
 * each timestamp is taken as the value nearest to the last one of any track, so audio and video wrap together. Jumps of less
 * than 24.8 days, forward or back, are kept as they are.
 */
export class TimestampUnwrapper {
  #lastMs: number | undefined;

  /** The unwrapped time of a timestamp, in milliseconds; the first is taken as it is. */
  unwrap(timestampMs: number): Ticks {
    const raw = timestampMs >>> 0;
    const last = this.#lastMs;
    // Bit operations take both modulo 2³²: the difference is the signed shorter way round.
    const next = last === undefined ? raw : last + ((raw - (last % 0x1_0000_0000)) | 0);
    this.#lastMs = next;
    return ticks(next);
  }
}
