import type { PacketResult } from '../sent-history.ts';

/** Length of a slice of time, in milliseconds, of which the smallest delay counts. */
const SLICE_MS = 100;
/** Slices of which the smallest delay is the standing queue: a queue that a keyframe makes is gone within that time. */
const STANDING_SLICES = 3;
/** For so many slices back (30 s) the smallest delay is the path without a queue; longer, and clock drift would count as queue. */
const BASE_SLICES = 300;

/**
 * How long packets wait on the way, from transport-wide feedback: delay less the smallest delay of the last 30 s. Pictures go out in
 * bursts, and each burst queues; what stays queued between the bursts is the standing queue, and only that says that more is sent than the
 * path carries (the idea of CoDel, RFC 8289 §3).
 */
export class StandingQueue {
  /** Smallest delay of each slice by time of sending; the newest is last. */
  #slices: { readonly slice: number; delayMs: number }[] = [];

  /** Takes what became of packets, in order of sending. */
  add(results: readonly PacketResult[]): void {
    for (const { sentMs, arrivalMs } of results) {
      if (arrivalMs === undefined) continue;
      const delayMs = arrivalMs - sentMs;
      const slice = Math.floor(sentMs / SLICE_MS);
      const last = this.#slices.at(-1);
      if (last === undefined || slice > last.slice) this.#slices.push({ slice, delayMs });
      else last.delayMs = Math.min(last.delayMs, delayMs);
    }
    const newest = this.#slices.at(-1)?.slice ?? 0;
    this.#slices = this.#slices.filter(({ slice }) => newest - slice < BASE_SLICES).slice(-BASE_SLICES);
  }

  /** The standing queue in milliseconds; 0 before 300 ms are known. */
  get ms(): number {
    return this.#standing(0);
  }

  /** By how much it grew, in milliseconds, against the one 300 ms before; negative when it fell. */
  get growthMs(): number {
    return this.#standing(0) - this.#standing(STANDING_SLICES);
  }

  #standing(back: number): number {
    const end = this.#slices.length - back;
    const recent = this.#slices.slice(Math.max(0, end - STANDING_SLICES), end);
    if (recent.length < STANDING_SLICES) return 0;
    return smallest(recent) - smallest(this.#slices);
  }
}

function smallest(slices: readonly { readonly delayMs: number }[]): number {
  return slices.reduce((least, { delayMs }) => Math.min(least, delayMs), Number.POSITIVE_INFINITY);
}
