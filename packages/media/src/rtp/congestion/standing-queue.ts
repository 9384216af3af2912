import type { PacketResult } from '../sent-history.ts';

/** Length of a slice of time, in milliseconds, of which the smallest delay counts. */
const SLICE_MS = 100;
/** Slices of which the smallest delay is the standing queue: a queue that a keyframe makes is gone within that time. */
const STANDING_SLICES = 3;
/** For so many slices back (30 s) the smallest delay is the path without a queue; longer, and clock drift would count as queue. */
const BASE_SLICES = 300;

/** Smallest delay of the packets that were sent in one slice of time. */
interface Slice {
  readonly slice: number;
  delayMs: number;
}

/**
 * How long packets wait on the way, from transport-wide feedback: delay less the smallest delay of the last 30 s. Pictures go out in
 * bursts, and each burst queues; what stays queued between the bursts is the standing queue, and only that says that more is sent than the
 * path carries (the idea of CoDel, RFC 8289 §3).
 */
export class StandingQueue {
  /** The newest slices, newest last: twice as many as a standing queue takes. */
  readonly #recent: Slice[] = [];
  /** Slices that have none smaller behind them: the first is the smallest of all. */
  readonly #base: Slice[] = [];
  #ms = 0;
  #growthMs = 0;

  /** The standing queue in milliseconds; 0 before 300 ms are known. */
  get ms(): number {
    return this.#ms;
  }

  /** By how much it grew, in milliseconds, against the one 300 ms before; negative when it fell. */
  get growthMs(): number {
    return this.#growthMs;
  }

  /** Takes what became of packets, in order of sending. */
  add(results: readonly PacketResult[]): void {
    for (const { sentMs, arrivalMs } of results) {
      if (arrivalMs === undefined) continue;
      const delayMs = arrivalMs - sentMs;
      const slice = Math.floor(sentMs / SLICE_MS);
      const last = this.#recent.at(-1);
      if (last === undefined || slice > last.slice) this.#begin(slice, delayMs);
      else last.delayMs = Math.min(last.delayMs, delayMs);
    }
    const base = Math.min(this.#base[0]?.delayMs ?? Number.POSITIVE_INFINITY, this.#smallest(0));
    const before = this.#smallest(STANDING_SLICES);
    this.#ms = this.#recent.length < STANDING_SLICES ? 0 : this.#smallest(0) - base;
    this.#growthMs = this.#ms - (this.#recent.length < 2 * STANDING_SLICES ? 0 : Math.max(0, before - base));
  }

  /** The slice before is complete: it goes where the smallest of 30 s is found. */
  #begin(slice: number, delayMs: number): void {
    const complete = this.#recent.at(-1);
    if (complete !== undefined) {
      while ((this.#base.at(-1)?.delayMs ?? Number.NEGATIVE_INFINITY) >= complete.delayMs) this.#base.pop();
      this.#base.push(complete);
    }
    while ((this.#base[0]?.slice ?? slice) <= slice - BASE_SLICES) this.#base.shift();
    this.#recent.push({ slice, delayMs });
    if (this.#recent.length > 2 * STANDING_SLICES) this.#recent.shift();
  }

  /** Smallest delay of three slices, so many slices back. */
  #smallest(back: number): number {
    const end = this.#recent.length - back;
    let least = Number.POSITIVE_INFINITY;
    for (let i = Math.max(0, end - STANDING_SLICES); i < end; i++) {
      least = Math.min(least, this.#recent[i]?.delayMs ?? least);
    }
    return least;
  }
}
