import { parseInteger } from '../decimal.ts';
import type { ByteRange } from '../media-playlist.ts';

/** EXT-X-BYTERANGE (rfc8216bis §4.4.4.2). */
export function writeExtXByteRange(range: ByteRange): string {
  return `#EXT-X-BYTERANGE:${writeByteRange(range)}`;
}

/** `length[@offset]`, as the tag and the BYTERANGE attributes have it. */
export function writeByteRange(range: ByteRange): string {
  return range.offset === undefined ? `${range.length}` : `${range.length}@${range.offset}`;
}

/** Reads `length[@offset]`. Throws PlaylistError. */
export function parseByteRange(value: string): ByteRange {
  const at = value.indexOf('@');
  if (at < 0) return { length: parseInteger(value) };
  return { length: parseInteger(value.slice(0, at)), offset: parseInteger(value.slice(at + 1)) };
}
