/** How many events somebody may send: so many at once, and as many again in each second. */
export class EventBudget {
  readonly #perSecond: number;
  readonly #monotonicMs: () => number;
  #left: number;
  #atMs: number;

  constructor(perSecond: number, monotonicMs: () => number) {
    this.#perSecond = perSecond;
    this.#monotonicMs = monotonicMs;
    this.#left = perSecond;
    this.#atMs = monotonicMs();
  }

  /** Takes one event out of the budget; false when it is empty. */
  take(): boolean {
    const nowMs = this.#monotonicMs();
    this.#left = Math.min(this.#perSecond, this.#left + ((nowMs - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
