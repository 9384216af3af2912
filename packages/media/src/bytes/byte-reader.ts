/** A read past the end of the bytes that were received: the sender cut or miscounted something. */
export class EndOfBytesError extends RangeError {
  override readonly name = 'EndOfBytesError';
}

/** Reads big-endian integers and bytes from front to back; every read is checked against what is left. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u24(): number {
    const at = this.#take(3);
    return (this.#view.getUint16(at) << 8) | this.#view.getUint8(at + 2);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** 64 bits as a number; throws RangeError above 2⁵³ − 1, which no timestamp of ours reaches. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`u64 above 2^53: ${value}`);
    return Number(value);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A view, not a copy, of the next bytes. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** A view, not a copy, of all that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  latin1(count: number): string {
    return String.fromCharCode(...this.bytes(count));
  }

  skip(count: number): void {
    this.#take(count);
  }

  #take(count: number): number {
    if (count < 0 || count > this.remaining) {
      throw new EndOfBytesError(`wanted ${count} bytes at ${this.#position}, ${this.remaining} left`);
    }
    const at = this.#position;
    this.#position += count;
    return at;
  }
}
