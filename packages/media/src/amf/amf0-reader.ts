import {
  AMF0,
  AmfFormatError,
  type AmfLimits,
  type AmfObject,
  type AmfValue,
  defaultAmfLimits,
} from './amf-value.ts';

const utf8 = new TextDecoder('utf-8');

/**
 * Reads all values of one AMF0 message. Throws AmfFormatError for bytes that are not AMF0, references, AMF3 and
 * anything beyond the limits.
 */
export function readAmf0(bytes: Uint8Array, limits: AmfLimits = defaultAmfLimits): AmfValue[] {
  const reader = new Amf0Reader(bytes, limits);
  const values: AmfValue[] = [];
  while (!reader.atEnd) values.push(reader.value());
  return values;
}

/** Reads AMF0 values one after the other (Adobe AMF 0, 2007). */
export class Amf0Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: AmfLimits;
  #at = 0;
  #values = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, limits: AmfLimits = defaultAmfLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  /** True when every byte is read. */
  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Reads the next value. Throws AmfFormatError. */
  value(): AmfValue {
    if (++this.#values > this.#limits.maxKeys) {
      throw new AmfFormatError(`AMF0 message has more than ${this.#limits.maxKeys} values`);
    }
    const type = this.#u8();
    switch (type) {
      case AMF0.number:
        return this.#f64();
      case AMF0.boolean:
        return this.#u8() !== 0;
      case AMF0.string:
        return this.#string(this.#u16());
      case AMF0.longString:
      case AMF0.xmlDocument:
        return this.#string(this.#u32());
      case AMF0.null:
        return null;
      case AMF0.undefined:
      case AMF0.unsupported:
        return undefined;
      case AMF0.object:
        return this.#members();
      case AMF0.typedObject:
        this.#string(this.#u16());
        return this.#members();
      case AMF0.ecmaArray:
        // Encoders get the count wrong and the end marker decides (§2.10): it is bounded, not believed.
        this.#checkCount(this.#u32());
        return this.#members();
      case AMF0.strictArray:
        return this.#items();
      case AMF0.date: {
        const dateMs = this.#f64();
        this.#u16();
        return { dateMs };
      }
      case AMF0.avmPlus:
        throw new AmfFormatError('AMF3 value in an AMF0 message');
      case AMF0.reference:
        throw new AmfFormatError('AMF0 reference: refused, it can make cycles');
      default:
        throw new AmfFormatError(
          `AMF0 type 0x${type.toString(16).padStart(2, '0')} at byte ${this.#at - 1} is unknown`,
        );
    }
  }

  #members(): AmfObject {
    this.#enter();
    const members = new Map<string, AmfValue>();
    for (;;) {
      const keyBytes = this.#u16();
      if (keyBytes === 0 && this.#bytes[this.#at] === AMF0.objectEnd) {
        this.#at++;
        this.#depth--;
        return members;
      }
      const key = this.#string(keyBytes);
      members.set(key, this.value());
    }
  }

  #items(): readonly AmfValue[] {
    const count = this.#u32();
    this.#checkCount(count);
    this.#enter();
    const items: AmfValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value());
    this.#depth--;
    return items;
  }

  #enter(): void {
    if (this.#depth === this.#limits.maxDepth) {
      throw new AmfFormatError(`AMF0 values nested deeper than ${this.#limits.maxDepth}`);
    }
    this.#depth++;
  }

  #checkCount(count: number): void {
    if (count > this.#limits.maxKeys) {
      throw new AmfFormatError(`AMF0 array of ${count} items exceeds ${this.#limits.maxKeys}`);
    }
  }

  #string(sizeBytes: number): string {
    if (sizeBytes > this.#limits.maxStringBytes) {
      throw new AmfFormatError(`AMF0 string of ${sizeBytes} bytes exceeds ${this.#limits.maxStringBytes}`);
    }
    const start = this.#take(sizeBytes);
    return utf8.decode(this.#bytes.subarray(start, start + sizeBytes));
  }

  #take(count: number): number {
    const start = this.#at;
    if (start + count > this.#bytes.length) {
      throw new AmfFormatError(`AMF0 message of ${this.#bytes.length} bytes is cut short at byte ${start}`);
    }
    this.#at = start + count;
    return start;
  }

  #u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  #u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  #u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  #f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }
}
