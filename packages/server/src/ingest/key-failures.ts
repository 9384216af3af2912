/** Bounds of `KeyFailures`. */
export interface KeyFailureLimits {
  /** Wrong keys of one address in a minute before it must pause. */
  readonly maxKeyFailuresPerMinute: number;
  /** How long it must pause, in milliseconds. */
  readonly keyFailurePauseMs: number;
}

const MINUTE_MS = 60_000;
/** Addresses remembered at once; beyond it the oldest are forgotten, so that a botnet cannot fill the memory. */
const MAX_ADDRESSES = 10_000;

interface Record {
  failures: number;
  windowStartMs: number;
  pausedUntilMs: number;
}

/**
 * Counts wrong stream keys per address and makes addresses with too many of them pause. One for all protocols, or a guesser
 * would have a budget at each of them.
 */
export class KeyFailures {
  readonly #limits: KeyFailureLimits;
  readonly #records = new Map<string, Record>();

  constructor(limits: KeyFailureLimits) {
    this.#limits = limits;
  }

  /** Milliseconds that the address must still pause; 0 when it may try a key. */
  pauseLeftMs(address: string, nowMs: number): number {
    return Math.max(0, (this.#records.get(address)?.pausedUntilMs ?? 0) - nowMs);
  }

  /** Counts a wrong key. The failure that reaches the limit starts the pause. */
  count(address: string, nowMs: number): void {
    let record = this.#records.get(address);
    if (record === undefined || nowMs - record.windowStartMs >= MINUTE_MS) {
      const pausedUntilMs = record?.pausedUntilMs ?? 0;
      record = { failures: 0, windowStartMs: nowMs, pausedUntilMs };
      this.#records.delete(address);
      this.#records.set(address, record);
      this.#forgetOldest();
    }
    record.failures++;
    if (record.failures >= this.#limits.maxKeyFailuresPerMinute) {
      record.pausedUntilMs = nowMs + this.#limits.keyFailurePauseMs;
    }
  }

  #forgetOldest(): void {
    for (const address of this.#records.keys()) {
      if (this.#records.size <= MAX_ADDRESSES) return;
      this.#records.delete(address);
    }
  }
}
