import type { PacketResult } from '../sent-history.ts';

/** Packets over which loss is counted: at 2.5 Mbit/s about one second. */
const WINDOW_PACKETS = 256;
/** Fewer say nothing. */
const MIN_PACKETS = 100;

/** The share of the last packets that never came. */
export class RecentLoss {
  readonly #lost = new Uint8Array(WINDOW_PACKETS);
  #count = 0;
  #sum = 0;

  /** Takes what became of packets. */
  add(results: readonly PacketResult[]): void {
    for (const { arrivalMs } of results) {
      const at = this.#count++ % WINDOW_PACKETS;
      this.#sum -= this.#lost[at] ?? 0;
      const lost = arrivalMs === undefined ? 1 : 0;
      this.#lost[at] = lost;
      this.#sum += lost;
    }
  }

  /** 0…1; 0 until 100 packets are known. */
  get fraction(): number {
    return this.#count < MIN_PACKETS ? 0 : this.#sum / Math.min(this.#count, WINDOW_PACKETS);
  }
}
