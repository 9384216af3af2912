import { AttributeList } from '../attribute-list.ts';
import { writeDecimalUp } from '../decimal.ts';

/** EXT-X-PART-INF (rfc8216bis §4.4.3.7): PART-TARGET in seconds, rounded up because it is a ceiling (§4.4.4.9). */
export function writeExtXPartInf(partTargetSec: number): string {
  return `#EXT-X-PART-INF:PART-TARGET=${writeDecimalUp(partTargetSec)}`;
}

/** Reads PART-TARGET. Throws PlaylistError. */
export function parseExtXPartInf(value: string): number {
  return new AttributeList(value).requiredDecimal('PART-TARGET');
}
