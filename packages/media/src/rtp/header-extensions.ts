import { RtpError } from './rtp-error.ts';

/** "defined by profile" of the one-byte form, RFC 8285 §4.2. */
const ONE_BYTE_PROFILE = 0xbede;
/** "defined by profile" of the two-byte form without its four application bits, RFC 8285 §4.3. */
const TWO_BYTE_PROFILE = 0x1000;

const NONE: ReadonlyMap<number, Uint8Array> = new Map();

/** The map of a packet without header extensions; shared. */
export function noExtensions(): ReadonlyMap<number, Uint8Array> {
  return NONE;
}

/**
 * Header extension elements by their id, as views: RFC 8285 §4.2 and §4.3. `block` is what follows the length field; a profile
 * that is neither form gives none. Throws RtpError when an element goes past the end.
 */
export function readExtensions(profile: number, block: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const twoByte = (profile & 0xfff0) === TWO_BYTE_PROFILE;
  if (!twoByte && profile !== ONE_BYTE_PROFILE) return NONE;
  const elements = new Map<number, Uint8Array>();
  let at = 0;
  while (at < block.length) {
    const head = block[at++] ?? 0;
    // Padding between elements: one zero byte in both forms.
    if (head === 0) continue;
    let id = head;
    let length: number;
    if (twoByte) {
      length = block[at++] ?? Number.POSITIVE_INFINITY;
    } else {
      id = head >> 4;
      // §4.2: an id of 15 ends the reading of this packet's extensions.
      if (id === 15) break;
      length = (head & 15) + 1;
    }
    if (at + length > block.length) {
      throw new RtpError(`header extension ${id}: ${length} bytes, ${Math.max(0, block.length - at)} left`);
    }
    // An id of 0 with a length is padding too (§4.2).
    if (id !== 0) elements.set(id, block.subarray(at, at + length));
    at += length;
  }
  return elements;
}

/** Bytes of the whole extension as `writeExtensions` writes it, with its four bytes of header; 0 for no elements. */
export function extensionsSize(elements: ReadonlyMap<number, Uint8Array>): number {
  if (elements.size === 0) return 0;
  const perElement = needsTwoBytes(elements) ? 2 : 1;
  let size = 0;
  for (const value of elements.values()) size += perElement + value.length;
  return 4 + ((size + 3) & ~3);
}

/**
 * Writes the extension at `at`: the one-byte form where it can, otherwise the two-byte form. `target` must be zero there. Throws
 * RtpError for ids outside 1…255 and for more than 255 bytes.
 */
export function writeExtensions(
  elements: ReadonlyMap<number, Uint8Array>,
  target: Uint8Array,
  at: number,
): void {
  const size = extensionsSize(elements);
  if (size === 0) return;
  const twoByte = needsTwoBytes(elements);
  const profile = twoByte ? TWO_BYTE_PROFILE : ONE_BYTE_PROFILE;
  const words = (size - 4) / 4;
  target[at] = profile >> 8;
  target[at + 1] = profile & 0xff;
  target[at + 2] = words >> 8;
  target[at + 3] = words & 0xff;
  let position = at + 4;
  for (const [id, value] of elements) {
    if (id < 1 || id > 255 || value.length > 255) {
      throw new RtpError(`header extension ${id} of ${value.length} bytes`);
    }
    if (twoByte) {
      target[position++] = id;
      target[position++] = value.length;
    } else {
      target[position++] = (id << 4) | (value.length - 1);
    }
    target.set(value, position);
    position += value.length;
  }
}

function needsTwoBytes(elements: ReadonlyMap<number, Uint8Array>): boolean {
  for (const [id, value] of elements) if (id > 14 || value.length < 1 || value.length > 16) return true;
  return false;
}
