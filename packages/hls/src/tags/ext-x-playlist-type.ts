import { PlaylistError, quoteForMessage } from '../playlist-error.ts';

/** EXT-X-PLAYLIST-TYPE (rfc8216bis §4.4.3.5). */
export function writeExtXPlaylistType(type: 'EVENT' | 'VOD'): string {
  return `#EXT-X-PLAYLIST-TYPE:${type}`;
}

/** Reads the type. Throws PlaylistError. */
export function parseExtXPlaylistType(value: string): 'EVENT' | 'VOD' {
  if (value === 'EVENT' || value === 'VOD') return value;
  throw new PlaylistError(`neither EVENT nor VOD: ${quoteForMessage(value)}`);
}
