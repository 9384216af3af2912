import type { PacketResult } from '../sent-history.ts';

const SLICE_MS = 50;
/** Rates are taken over so many slices, one second: every usual distance of pictures, and half of a usual GOP. */
const WINDOW_SLICES = 20;
/** Fewer say nothing of a rate. */
const MIN_SLICES = 4;

/** How many bits a second arrive, from transport-wide feedback, over the last second of arrivals. */
export class DeliveryRate {
  /** Bytes that came in each slice of time, by its number modulo their count; one more than the window, for the newest is incomplete. */
  readonly #bytes = new Float64Array(WINDOW_SLICES + 1);
  #newest: number | undefined;
  #first = 0;

  /** Takes what became of packets. */
  add(results: readonly PacketResult[]): void {
    for (const { arrivalMs, bytes } of results) {
      if (arrivalMs === undefined) continue;
      const slice = Math.floor(arrivalMs / SLICE_MS);
      this.#advance(slice);
      // Packets that overtook others, or come later than the window is long, count where there is still room.
      if (slice <= (this.#newest ?? slice) - this.#bytes.length) continue;
      const at = this.#at(slice);
      this.#bytes[at] = (this.#bytes[at] ?? 0) + bytes;
    }
  }

  /** Bits a second; undefined until 200 ms of arrivals are known. */
  get bps(): number | undefined {
    const newest = this.#newest;
    if (newest === undefined) return undefined;
    const slices = Math.min(newest - this.#first, WINDOW_SLICES);
    if (slices < MIN_SLICES) return undefined;
    let bytes = 0;
    for (let slice = newest - slices; slice < newest; slice++) bytes += this.#bytes[this.#at(slice)] ?? 0;
    return (bytes * 8000) / (slices * SLICE_MS);
  }

  #advance(slice: number): void {
    if (this.#newest === undefined) {
      this.#newest = slice;
      this.#first = slice;
    }
    if (slice <= this.#newest) return;
    const from = Math.max(this.#newest + 1, slice - WINDOW_SLICES);
    for (let each = from; each <= slice; each++) this.#bytes[this.#at(each)] = 0;
    this.#newest = slice;
  }

  /** The receiver's clock may stand below zero. */
  #at(slice: number): number {
    const count = this.#bytes.length;
    return ((slice % count) + count) % count;
  }
}
