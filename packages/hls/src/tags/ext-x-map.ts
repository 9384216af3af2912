import { AttributeList, writeQuoted } from '../attribute-list.ts';
import type { MediaInitialization } from '../media-playlist.ts';
import { parseByteRange, writeByteRange } from './ext-x-byterange.ts';

/** EXT-X-MAP (rfc8216bis §4.4.4.5). */
export function writeExtXMap(map: MediaInitialization): string {
  const range = map.byteRange === undefined ? '' : `,BYTERANGE="${writeByteRange(map.byteRange)}"`;
  return `#EXT-X-MAP:URI=${writeQuoted(map.uri)}${range}`;
}

/** Reads the attributes of an EXT-X-MAP. Throws PlaylistError. */
export function parseExtXMap(value: string): MediaInitialization {
  const attributes = new AttributeList(value);
  const uri = attributes.requiredQuoted('URI');
  const range = attributes.quoted('BYTERANGE');
  return range === undefined ? { uri } : { uri, byteRange: parseByteRange(range) };
}

/** True when both name the same bytes. */
export function isSameMap(a: MediaInitialization | undefined, b: MediaInitialization | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.uri !== b.uri) return false;
  return a.byteRange?.length === b.byteRange?.length && a.byteRange?.offset === b.byteRange?.offset;
}
