import { AttributeList } from '../attribute-list.ts';
import type { DateRange } from '../media-playlist.ts';
import { parseDateTime } from './ext-x-program-date-time.ts';

/** EXT-X-DATERANGE (rfc8216bis §4.4.5.1), written as it was read or made. */
export function writeExtXDateRange(range: DateRange): string {
  return `#EXT-X-DATERANGE:${range.attributes}`;
}

/** Reads the attributes that have a rule; the others stay in `attributes`. Throws PlaylistError. */
export function parseExtXDateRange(value: string): DateRange {
  const list = new AttributeList(value);
  const startDate = list.quoted('START-DATE');
  const cls = list.quoted('CLASS');
  const durationSec = list.decimal('DURATION');
  return {
    id: list.requiredQuoted('ID'),
    ...(startDate === undefined ? {} : { startMs: parseDateTime(startDate) }),
    ...(cls === undefined ? {} : { class: cls }),
    ...(durationSec === undefined ? {} : { durationSec }),
    attributes: value,
  };
}
