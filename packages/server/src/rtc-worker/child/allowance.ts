/** How much a peer may spend of something that costs us: a leaky bucket. */
export class Allowance {
  readonly #perMs: number;
  readonly #burst: number;
  #spent = 0;
  #atMs: number | undefined;

  /** @param options.perSecond the lasting rate; `burst` is what may be spent at once, by default a second's worth. */
  constructor({ perSecond, burst = perSecond }: { readonly perSecond: number; readonly burst?: number }) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
  }

  /** What may be spent now; 0 when nothing is left. */
  left(nowMs: number): number {
    const passedMs = nowMs - (this.#atMs ?? nowMs);
    this.#atMs = nowMs;
    this.#spent = Math.max(0, this.#spent - passedMs * this.#perMs);
    return Math.max(0, this.#burst - this.#spent);
  }

  /** Takes so much; false when it is more than was left. It is taken all the same. */
  spend(amount: number, nowMs: number): boolean {
    const isEnough = amount <= this.left(nowMs);
    this.#spent += amount;
    return isEnough;
  }
}
