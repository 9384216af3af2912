/**
 * The tags whose value is one decimal-integer: EXT-X-TARGETDURATION (rfc8216bis §4.4.3.1), EXT-X-MEDIA-SEQUENCE
 * (§4.4.3.2) and EXT-X-DISCONTINUITY-SEQUENCE (§4.4.3.3). Their parser is `parseInteger`.
 */
export type IntegerTag = 'EXT-X-TARGETDURATION' | 'EXT-X-MEDIA-SEQUENCE' | 'EXT-X-DISCONTINUITY-SEQUENCE';

/** Writes one of them. */
export function writeIntegerTag(tag: IntegerTag, value: number): string {
  return `#${tag}:${value}`;
}
