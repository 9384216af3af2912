import { parseDecimal, writeDecimal } from '../decimal.ts';

/** EXTINF (rfc8216bis §4.4.4.1): the segment's duration in seconds; the title is always empty. */
export function writeExtinf(durationSec: number): string {
  return `#EXTINF:${writeDecimal(durationSec)},`;
}

/** Reads the duration in seconds and drops the title. Some old encoders omit the comma: that is accepted. */
export function parseExtinf(value: string): number {
  const comma = value.indexOf(',');
  return parseDecimal(comma < 0 ? value : value.slice(0, comma));
}
