import { AttributeList, writeQuoted } from '../attribute-list.ts';
import { writeDecimal } from '../decimal.ts';
import type { PartialSegment } from '../media-playlist.ts';
import { parseByteRange, writeByteRange } from './ext-x-byterange.ts';

/** EXT-X-PART (rfc8216bis §4.4.4.9). */
export function writeExtXPart(part: PartialSegment): string {
  let line = `#EXT-X-PART:DURATION=${writeDecimal(part.durationSec)},URI=${writeQuoted(part.uri)}`;
  if (part.byteRange !== undefined) line += `,BYTERANGE="${writeByteRange(part.byteRange)}"`;
  if (part.independent) line += ',INDEPENDENT=YES';
  if (part.gap) line += ',GAP=YES';
  return line;
}

/** Reads the attributes of an EXT-X-PART. Throws PlaylistError. */
export function parseExtXPart(value: string): PartialSegment {
  const attributes = new AttributeList(value);
  const range = attributes.quoted('BYTERANGE');
  return {
    uri: attributes.requiredQuoted('URI'),
    durationSec: attributes.requiredDecimal('DURATION'),
    independent: attributes.isYes('INDEPENDENT'),
    gap: attributes.isYes('GAP'),
    ...(range === undefined ? {} : { byteRange: parseByteRange(range) }),
  };
}
