/** A packet that did not come for so long is given up by every jitter buffer of ours. */
const OPEN_MS = 1000;

/** Tells whether packets of a stream may be missing now: only then is a timer worth its wake-ups. */
export class GapWatch {
  #next: number | undefined;
  #gapMs = Number.NEGATIVE_INFINITY;

  /** A packet with this sequence number came. */
  saw(sequence16: number, nowMs: number): void {
    if (this.#next !== undefined && sequence16 !== this.#next) this.#gapMs = nowMs;
    this.#next = (sequence16 + 1) & 0xffff;
  }

  /** True for a while after a packet that was not the next one. */
  isOpen(nowMs: number): boolean {
    return nowMs - this.#gapMs < OPEN_MS;
  }
}
