/**
 * Gives RTP timestamps, which wrap at 2^32 (after 13 hours at 90 kHz), a place on a line that does not: each is put as near as possible to
 * the one before.
 */
export class TimestampUnwrapper {
  #last: number | undefined;

  /** The timestamp on the line; the first one stands for itself. May be negative after a step back across 0. */
  unwrap(timestamp32: number): number {
    this.#last = nearest(timestamp32, this.#last ?? timestamp32, 0x1_0000_0000);
    return this.#last;
  }
}

/** The number that equals `value` modulo `modulus` and lies nearest to `reference`; half a turn counts as forward. */
export function nearest(value: number, reference: number, modulus: number): number {
  const forward = (((value - reference) % modulus) + modulus) % modulus;
  return reference + (forward > modulus / 2 ? forward - modulus : forward);
}
