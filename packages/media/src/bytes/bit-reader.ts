import { EndOfBytesError } from './byte-reader.ts';

/** Reads bits, most significant first, and the Exp-Golomb codes of H.264 §9.1 and H.265 §9.2. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#bit;
  }

  get remaining(): number {
    return this.#bytes.length * 8 - this.#bit;
  }

  /** The next 0 to 32 bits as an unsigned number. */
  bits(count: number): number {
    if (count > this.remaining) {
      throw new EndOfBytesError(`wanted ${count} bits at ${this.#bit}, ${this.remaining} left`);
    }
    let value = 0;
    let left = count;
    while (left > 0) {
      const byte = this.#bytes[this.#bit >> 3] ?? 0;
      const available = 8 - (this.#bit & 7);
      const taken = Math.min(available, left);
      const piece = (byte >> (available - taken)) & ((1 << taken) - 1);
      // Multiplication, because a shift would make 32 bits negative.
      value = value * 2 ** taken + piece;
      this.#bit += taken;
      left -= taken;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    if (count > this.remaining) {
      throw new EndOfBytesError(`wanted ${count} bits at ${this.#bit}, ${this.remaining} left`);
    }
    this.#bit += count;
  }

  /** ue(v): an unsigned Exp-Golomb code of at most 32 leading zeros; throws RangeError beyond. */
  ue(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros++;
      if (zeros > 32) throw new RangeError(`Exp-Golomb code longer than 32 bits at bit ${this.#bit}`);
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v): a signed Exp-Golomb code. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : code === 0 ? 0 : -code / 2;
  }
}
