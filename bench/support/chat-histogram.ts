/** Latencies in steps of 0.1 ms up to a minute, so that a million of them need no memory. */
export class Histogram {
  readonly #counts = new Uint32Array(600_000);
  #size = 0;

  /** Milliseconds. */
  add(ms: number): void {
    const step = Math.max(0, Math.min(this.#counts.length - 1, Math.round(ms * 10)));
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#size++;
  }

  /** The value below which a share of all lie, in milliseconds; NaN without any. */
  percentile(share: number): number {
    if (this.#size === 0) return Number.NaN;
    let left = Math.ceil(share * this.#size);
    for (let step = 0; step < this.#counts.length; step++) {
      left -= this.#counts[step] ?? 0;
      if (left <= 0) return step / 10;
    }
    return Number.NaN;
  }
}
