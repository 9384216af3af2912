/** The boolean entropy decoder of RFC 6386 §7.3. Behind the end it reads zeros, as §7.3 has it. */
export class BoolDecoder {
  readonly #bytes: Uint8Array;
  #at = 2;
  /** The two bytes under the interval. */
  #value: number;
  #range = 255;
  /** Bits shifted out of the byte that was read last. */
  #shifted = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#value = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  }

  /** True when more was read than there is; the last bits were made up then. */
  get exhausted(): boolean {
    // The value always looks two bytes ahead.
    return this.#at > this.#bytes.length + 2;
  }

  /** One flag; `zeroProbability` is that of false, 1…255 of 256. */
  flag(zeroProbability: number): boolean {
    const split = 1 + (((this.#range - 1) * zeroProbability) >> 8);
    const value = this.#value >= split << 8;
    if (value) {
      this.#range -= split;
      this.#value -= split << 8;
    } else {
      this.#range = split;
    }
    while (this.#range < 128) {
      this.#value <<= 1;
      this.#range <<= 1;
      if (++this.#shifted < 8) continue;
      this.#shifted = 0;
      this.#value |= this.#bytes[this.#at++] ?? 0;
    }
    return value;
  }

  /** An unsigned number of `count` bits, highest first: L(n) of §19. */
  literal(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + (this.flag(128) ? 1 : 0);
    return value;
  }
}
