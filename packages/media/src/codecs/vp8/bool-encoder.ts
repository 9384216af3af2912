/** The boolean entropy encoder of RFC 6386 §7.3. */
export class BoolEncoder {
  readonly #bytes: number[] = [];
  /** Lower end of the interval: bits that may still change, below 2^(24 + 8). */
  #low = 0;
  #range = 255;
  /** Shifts until a byte is complete. */
  #shifts = 24;

  /** One flag; `zeroProbability` is that of false, 1…255 of 256. */
  flag(value: boolean, zeroProbability: number): this {
    const split = 1 + (((this.#range - 1) * zeroProbability) >> 8);
    if (value) {
      this.#low += split;
      this.#range -= split;
    } else {
      this.#range = split;
    }
    while (this.#range < 128) this.#shift();
    return this;
  }

  /** An unsigned number of `count` bits, highest first, each as probable as not: L(n) of §19. */
  literal(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) this.flag(((value >> bit) & 1) === 1, 128);
    return this;
  }

  /** Everything written, with zeros behind it that leave no bit open. Nothing can be written after. */
  finish(): Uint8Array {
    this.literal(0, 32);
    return Uint8Array.from(this.#bytes);
  }

  #shift(): void {
    this.#range *= 2;
    if (this.#low >= 0x8000_0000) {
      this.#carry();
      this.#low -= 0x8000_0000;
    }
    this.#low *= 2;
    this.#shifts--;
    if (this.#shifts > 0) return;
    this.#bytes.push(Math.floor(this.#low / 0x100_0000));
    this.#low %= 0x100_0000;
    this.#shifts = 8;
  }

  /** Adds one to the bytes that were written, which are a binary fraction. */
  #carry(): void {
    let at = this.#bytes.length - 1;
    for (; at >= 0 && this.#bytes[at] === 0xff; at--) this.#bytes[at] = 0;
    if (at >= 0) this.#bytes[at] = (this.#bytes[at] ?? 0) + 1;
  }
}
