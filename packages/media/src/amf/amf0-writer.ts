import { AMF0, type AmfDate, type AmfValue, isAmfObject } from './amf-value.ts';

/** A value to be written: whatever can be read, and literals for objects. */
export type AmfInput = AmfValue | AmfEcmaArray | readonly AmfInput[] | { readonly [key: string]: AmfInput };

/** Marks an object to be written as ECMA array, as `onMetaData` wants it (AMF0 §2.10). */
export class AmfEcmaArray {
  readonly members: { readonly [key: string]: AmfInput };

  constructor(members: { readonly [key: string]: AmfInput }) {
    this.members = members;
  }
}

const utf8 = new TextEncoder();

/**
 * Writes the values of one AMF0 message: strings above 65535 bytes as long strings, arrays as strict arrays, Maps and
 * literals as objects. Throws RangeError when a key exceeds 65535 bytes.
 */
export function writeAmf0(...values: readonly AmfInput[]): Uint8Array {
  const writer = new Amf0Writer();
  for (const value of values) writer.value(value);
  return writer.take();
}

class Amf0Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  value(value: AmfInput): void {
    switch (typeof value) {
      case 'number':
        this.#u8(AMF0.number);
        this.#f64(value);
        return;
      case 'boolean':
        this.#u8(AMF0.boolean);
        this.#u8(value ? 1 : 0);
        return;
      case 'string':
        this.#string(utf8.encode(value));
        return;
      case 'undefined':
        this.#u8(AMF0.undefined);
        return;
      default:
        if (value === null) this.#u8(AMF0.null);
        else this.#composite(value);
    }
  }

  #composite(value: object): void {
    if (value instanceof AmfEcmaArray) {
      const members = Object.entries(value.members);
      this.#u8(AMF0.ecmaArray);
      this.#u32(members.length);
      this.#members(members);
    } else if (Array.isArray(value)) {
      this.#u8(AMF0.strictArray);
      this.#u32(value.length);
      for (const item of value as readonly AmfInput[]) this.value(item);
    } else if (isDate(value)) {
      this.#u8(AMF0.date);
      this.#f64(value.dateMs);
      this.#u16(0);
    } else {
      this.#u8(AMF0.object);
      this.#members(isAmfObject(value) ? value : Object.entries(value as Record<string, AmfInput>));
    }
  }

  #members(members: Iterable<readonly [string, AmfInput]>): void {
    for (const [key, value] of members) {
      const bytes = utf8.encode(key);
      if (bytes.length > 0xffff) throw new RangeError(`AMF0 key of ${bytes.length} bytes exceeds 65535`);
      this.#u16(bytes.length);
      this.#raw(bytes);
      this.value(value);
    }
    this.#u16(0);
    this.#u8(AMF0.objectEnd);
  }

  #string(bytes: Uint8Array): void {
    const long = bytes.length > 0xffff;
    this.#u8(long ? AMF0.longString : AMF0.string);
    if (long) this.#u32(bytes.length);
    else this.#u16(bytes.length);
    this.#raw(bytes);
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #u8(value: number): void {
    this.#reserve(1);
    this.#view.setUint8(this.#at++, value);
  }

  #u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
  }

  #u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  #f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function isDate(value: object): value is AmfDate {
  return 'dateMs' in value && typeof value.dateMs === 'number' && Object.keys(value).length === 1;
}
