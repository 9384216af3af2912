/** Writes bits, most significant first, and the Exp-Golomb codes of H.264 §9.1. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #current = 0;
  #filled = 0;

  /** Bits written so far. */
  get length(): number {
    return this.#bytes.length * 8 + this.#filled;
  }

  /** The lowest `count` (0 to 32) bits of an unsigned value. */
  bits(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) {
      this.#current = (this.#current << 1) | (Math.floor(value / 2 ** i) % 2);
      this.#filled++;
      if (this.#filled === 8) {
        this.#bytes.push(this.#current);
        this.#current = 0;
        this.#filled = 0;
      }
    }
    return this;
  }

  flag(value: boolean): this {
    return this.bits(value ? 1 : 0, 1);
  }

  /** ue(v) of 0 … 2³² − 2. */
  ue(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_fffe) {
      throw new RangeError(`ue(v) must be an integer in 0…4294967294, got ${value}`);
    }
    const length = Math.floor(Math.log2(value + 1));
    return this.bits(0, length)
      .bits(1, 1)
      .bits(value + 1 - 2 ** length, length);
  }

  /** se(v). */
  se(value: number): this {
    return this.ue(value > 0 ? value * 2 - 1 : value === 0 ? 0 : -value * 2);
  }

  /** Fills the current byte with copies of a bit; nothing when already aligned. */
  align(bit: 0 | 1): this {
    while (this.#filled !== 0) this.bits(bit, 1);
    return this;
  }

  /** rbsp_trailing_bits() of H.264 §7.3.2.11: a one, then zeros to the next byte. */
  trailingBits(): this {
    return this.bits(1, 1).align(0);
  }

  /** Everything written; the last byte is filled up with zeros. */
  toBytes(): Uint8Array {
    const bytes = Uint8Array.from(this.#bytes);
    if (this.#filled === 0) return bytes;
    const padded = new Uint8Array(bytes.length + 1);
    padded.set(bytes);
    padded[bytes.length] = (this.#current << (8 - this.#filled)) & 0xff;
    return padded;
  }
}
