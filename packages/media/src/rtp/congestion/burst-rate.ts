import type { PacketResult } from '../sent-history.ts';

/** Packets sent within so many milliseconds of the one before are of one burst. */
const BURST_GAP_MS = 2;
/** Smaller bursts are gone before they tell anything. */
const MIN_PACKETS = 10;
/** Radio links deliver what they gathered at once: no burst counts as having come faster than in this time, in milliseconds. */
const MIN_SPREAD_MS = 4;
/** Of so many bursts the slowest counts. */
const KEPT = 3;
/** A burst older than that, in milliseconds, tells nothing of the present. */
const MAX_AGE_MS = 15_000;

/**
 * What the path carried in short bursts: a keyframe leaves in one go and arrives stretched to the rate of the narrowest link. So a viewer
 * of a small rendition learns whether a larger one would fit, without padding sent to find out.
 */
export class BurstRate {
  #rates: { readonly sentMs: number; readonly bps: number }[] = [];
  #packets = 0;
  #bytes = 0;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #firstArrivalMs = 0;
  #lastArrivalMs = 0;

  /** Takes what became of packets, in order of sending. */
  add(results: readonly PacketResult[]): void {
    for (const { sentMs, arrivalMs, bytes } of results) {
      const together = sentMs - this.#lastSentMs <= BURST_GAP_MS;
      this.#lastSentMs = sentMs;
      if (!together) this.#end();
      if (arrivalMs === undefined) continue;
      if (this.#packets === 0) {
        this.#firstArrivalMs = arrivalMs;
      } else {
        // The first packet only starts the clock.
        this.#bytes += bytes;
      }
      this.#packets++;
      this.#lastArrivalMs = arrivalMs;
    }
  }

  /** Bits a second that the path carried at least, in each of the last bursts; undefined when there were none lately. */
  bps(nowMs: number): number | undefined {
    let least: number | undefined;
    for (const { sentMs, bps } of this.#rates) {
      if (nowMs - sentMs < MAX_AGE_MS) least = Math.min(least ?? bps, bps);
    }
    return least;
  }

  #end(): void {
    if (this.#packets >= MIN_PACKETS) {
      const spreadMs = Math.max(this.#lastArrivalMs - this.#firstArrivalMs, MIN_SPREAD_MS);
      this.#rates = [
        ...this.#rates,
        { sentMs: this.#lastSentMs, bps: (this.#bytes * 8000) / spreadMs },
      ].slice(-KEPT);
    }
    this.#packets = 0;
    this.#bytes = 0;
  }
}
