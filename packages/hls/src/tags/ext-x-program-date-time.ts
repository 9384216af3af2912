import { PlaylistError, quoteForMessage } from '../playlist-error.ts';

/** ISO/IEC 8601 date and time of day; the zone may be missing in foreign playlists. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,12})?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/** EXT-X-PROGRAM-DATE-TIME (rfc8216bis §4.4.4.6), in UTC, rounded to a millisecond as §4.4.4.6 asks for. */
export function writeExtXProgramDateTime(unixMs: number): string {
  return `#EXT-X-PROGRAM-DATE-TIME:${writeDateTime(unixMs)}`;
}

/** Unix milliseconds as `2026-11-22T07:58:04.123Z`. */
export function writeDateTime(unixMs: number): string {
  return new Date(Math.round(unixMs)).toISOString();
}

/** Reads an ISO/IEC 8601 time into Unix milliseconds; UTC is assumed when the zone is missing. Throws PlaylistError. */
export function parseDateTime(text: string): number {
  const match = DATE_TIME.exec(text);
  const [, day, time, fraction, zone = 'Z'] = match ?? [];
  const wholeMs = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${withColon(zone)}`);
  if (!Number.isFinite(wholeMs)) throw new PlaylistError(`not a date and time: ${quoteForMessage(text)}`);
  return fraction === undefined ? wholeMs : wholeMs + Number(fraction) * 1000;
}

/** True when the text says its zone, as every playlist SHOULD. */
export function hasTimeZone(text: string): boolean {
  return DATE_TIME.exec(text)?.[4] !== undefined;
}

/** `+0200` and `+02` as `+02:00`. */
function withColon(zone: string): string {
  if (zone === 'Z' || zone.includes(':')) return zone;
  return `${zone.slice(0, 3)}:${zone.length > 3 ? zone.slice(3) : '00'}`;
}
