import { BITRATE_TOLERANCE } from '../../stream/stream-limits.ts';

/** Bounds of a `BitrateCap`. */
export interface BitrateCapLimits {
  readonly maxBitrateBps: number;
  readonly bitrateBurstSec: number;
}

/** The bounds of a publisher whose stream has a limit of its own, in bit/s: whichever is tighter. */
export function tighterLimits(limits: BitrateCapLimits, streamBps: number | undefined): BitrateCapLimits {
  const { maxBitrateBps, bitrateBurstSec } = limits;
  if (streamBps === undefined) return limits;
  return { bitrateBurstSec, maxBitrateBps: Math.min(maxBitrateBps, streamBps * BITRATE_TOLERANCE) };
}

/** A leaky bucket over a publisher's bytes: it fills with what came and drains at the highest lasting rate. */
export class BitrateCap {
  readonly #bytesPerMs: number;
  readonly #capacityBytes: number;
  #bytes = 0;
  #seenBytes: number;
  #atMs: number;

  /** Counts from now on, `receivedBytes` being what came before. */
  constructor(limits: BitrateCapLimits, receivedBytes: number, nowMs: number) {
    this.#bytesPerMs = limits.maxBitrateBps / 8000;
    this.#capacityBytes = limits.bitrateBurstSec * 1000 * this.#bytesPerMs;
    this.#seenBytes = receivedBytes;
    this.#atMs = nowMs;
  }

  /** Takes the total received so far; true when the publisher is beyond its burst. */
  exceeds(receivedBytes: number, nowMs: number): boolean {
    const drained = (nowMs - this.#atMs) * this.#bytesPerMs;
    this.#bytes = Math.max(0, this.#bytes + receivedBytes - this.#seenBytes - drained);
    this.#seenBytes = receivedBytes;
    this.#atMs = nowMs;
    return this.#bytes > this.#capacityBytes;
  }
}
