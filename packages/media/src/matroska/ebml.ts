import { concat } from '../bytes/concat.ts';

/** An EBML element of unknown size, as live muxers write it: eight bytes with every size bit set (RFC 8794 §6.2). */
export const UNKNOWN_SIZE: Uint8Array = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

/** Largest size that fits the eight bytes of a variable-size integer and a JavaScript integer. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;

/**
 * A data size in the fewest bytes (RFC 8794 §4). The value with every bit set means "unknown", so it takes one byte more.
 * Throws RangeError for anything but a safe integer ≥ 0.
 */
export function ebmlSize(size: number): Uint8Array {
  if (!Number.isSafeInteger(size) || size < 0 || size > MAX_SIZE)
    throw new RangeError(`EBML size must be a safe integer ≥ 0, got ${size}`);
  let length = 1;
  while (size >= 2 ** (7 * length) - 1) length++;
  const bytes = bigEndian(size, length);
  bytes[0] = (bytes[0] ?? 0) | (0x80 >> (length - 1));
  return bytes;
}

/** The bytes of an element ID, whose length marker is part of the number (RFC 8794 §5). */
export function ebmlId(id: number): Uint8Array {
  return bigEndian(id, id > 0xff_ffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1);
}

/** An element: ID, size, then its bodies one after another. */
export function ebmlElement(id: number, ...bodies: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const body of bodies) size += body.length;
  return concat([ebmlId(id), ebmlSize(size), ...bodies]);
}

/** An unsigned integer element in the fewest bytes (RFC 8794 §7.2). Throws RangeError for anything but a safe integer ≥ 0. */
export function ebmlUnsigned(id: number, value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`EBML integer must be a safe integer ≥ 0, got ${value}`);
  let length = 1;
  while (value >= 2 ** (8 * length)) length++;
  return ebmlElement(id, bigEndian(value, length));
}

/** A 64-bit float element (RFC 8794 §7.3). */
export function ebmlFloat(id: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return ebmlElement(id, bytes);
}

/** An ASCII string element (RFC 8794 §7.4). Throws RangeError for other characters. */
export function ebmlString(id: number, text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e)
      throw new RangeError(`EBML string must be printable ASCII, got '${text}'`);
    bytes[i] = code;
  }
  return ebmlElement(id, bytes);
}

/** A master element of unknown size: ID and size only, its children follow and its end is never written. */
export function ebmlOpenElement(id: number): Uint8Array {
  return concat([ebmlId(id), UNKNOWN_SIZE]);
}

function bigEndian(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
