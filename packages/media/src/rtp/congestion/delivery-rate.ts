import type { PacketResult } from '../sent-history.ts';

/** Rates are taken over so many milliseconds: every usual distance of pictures, and half of a usual GOP. */
const WINDOW_MS = 1000;
/** Less than that says nothing of a rate. */
const MIN_SPAN_MS = 200;
/** More packets than 100 Mbit/s bring in the window; bounds the list. */
const MAX_PACKETS = 10_000;

/** How many bits a second arrive, from transport-wide feedback, over the last second of arrivals. */
export class DeliveryRate {
  #arrived: { readonly atMs: number; readonly bytes: number }[] = [];
  #bytes = 0;

  /** Takes what became of packets. */
  add(results: readonly PacketResult[]): void {
    for (const { arrivalMs, bytes } of results) {
      if (arrivalMs === undefined) continue;
      this.#arrived.push({ atMs: arrivalMs, bytes });
      this.#bytes += bytes;
    }
    const newestMs = this.#arrived.at(-1)?.atMs ?? 0;
    const from = this.#arrived.findIndex(({ atMs }) => newestMs - atMs <= WINDOW_MS);
    const first = Math.max(from, this.#arrived.length - MAX_PACKETS);
    for (let i = 0; i < first; i++) this.#bytes -= this.#arrived[i]?.bytes ?? 0;
    if (first > 0) this.#arrived = this.#arrived.slice(first);
  }

  /** Bits a second; undefined until 200 ms of arrivals are known. */
  get bps(): number | undefined {
    const [first] = this.#arrived;
    const last = this.#arrived.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const spanMs = last.atMs - first.atMs;
    // The first packet only starts the clock.
    return spanMs < MIN_SPAN_MS ? undefined : ((this.#bytes - first.bytes) * 8000) / spanMs;
  }
}
