import { AttributeList, writeQuoted } from '../attribute-list.ts';
import type { PreloadHint } from '../media-playlist.ts';
import { PlaylistError, quoteForMessage } from '../playlist-error.ts';

/** EXT-X-PRELOAD-HINT (rfc8216bis §4.4.5.3). */
export function writeExtXPreloadHint(hint: PreloadHint): string {
  let line = `#EXT-X-PRELOAD-HINT:TYPE=${hint.type},URI=${writeQuoted(hint.uri)}`;
  if (hint.byteRangeStart !== undefined) line += `,BYTERANGE-START=${hint.byteRangeStart}`;
  if (hint.byteRangeLength !== undefined) line += `,BYTERANGE-LENGTH=${hint.byteRangeLength}`;
  return line;
}

/** Reads the attributes of an EXT-X-PRELOAD-HINT. Throws PlaylistError. */
export function parseExtXPreloadHint(value: string): PreloadHint {
  const attributes = new AttributeList(value);
  const type = attributes.bare('TYPE');
  if (type !== 'PART' && type !== 'MAP') {
    throw new PlaylistError(`TYPE is neither PART nor MAP: ${quoteForMessage(type ?? '')}`);
  }
  const byteRangeStart = attributes.integer('BYTERANGE-START');
  const byteRangeLength = attributes.integer('BYTERANGE-LENGTH');
  return {
    type,
    uri: attributes.requiredQuoted('URI'),
    ...(byteRangeStart === undefined ? {} : { byteRangeStart }),
    ...(byteRangeLength === undefined ? {} : { byteRangeLength }),
  };
}
