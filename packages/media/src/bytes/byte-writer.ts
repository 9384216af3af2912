const INITIAL_CAPACITY = 256;

/** Writes big-endian integers and bytes into a buffer that grows: for headers, boxes and messages off the hot path. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity: number = INITIAL_CAPACITY) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far; the position of the next write. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u24(value: number): this {
    const at = this.#reserve(3);
    this.#view.setUint16(at, value >>> 8);
    this.#view.setUint8(at + 2, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
    return this;
  }

  i16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
    return this;
  }

  i32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
    return this;
  }

  /** 64 bits from a number or a bigint; throws RangeError for a number that is negative or not a safe integer. */
  u64(value: number | bigint): this {
    if (typeof value === 'number' && (!Number.isSafeInteger(value) || value < 0)) {
      throw new RangeError(`u64 must be a safe non-negative integer, got ${value}`);
    }
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, BigInt(value));
    return this;
  }

  f64(value: number): this {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  zeros(count: number): this {
    const at = this.#reserve(count);
    this.#bytes.fill(0, at, at + count);
    return this;
  }

  /** One byte for each character, which must all be below U+0100: four-character codes, brands. */
  latin1(text: string): this {
    const at = this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0xff) throw new RangeError(`'${text}' is not Latin-1`);
      this.#bytes[at + i] = code;
    }
    return this;
  }

  utf8(text: string): this {
    return this.bytes(new TextEncoder().encode(text));
  }

  /** Overwrites four bytes written earlier: sizes that are known only at the end. */
  patchU32(position: number, value: number): void {
    if (position < 0 || position + 4 > this.#length) {
      throw new RangeError(`cannot patch 4 bytes at ${position} of ${this.#length}`);
    }
    this.#view.setUint32(position, value);
  }

  /** A copy of everything written. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Must be called before `#bytes` or `#view` is looked at: growing replaces both. */
  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}
