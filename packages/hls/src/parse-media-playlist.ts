import type { MediaPlaylist } from './media-playlist.ts';
import { MediaPlaylistReader } from './media-playlist-reader.ts';
import { PlaylistError } from './playlist-error.ts';
import { DEFAULT_PLAYLIST_LIMITS, type PlaylistLine, readPlaylistLines } from './playlist-lines.ts';

/** A media playlist with what only the text shows. */
export interface ReadMediaPlaylist {
  readonly playlist: MediaPlaylist;
  /** EXT-X-VERSION; 1 when absent (rfc8216bis §4.4.1.2). */
  readonly version: number;
  /** All tags and URIs in order, with their line numbers. */
  readonly lines: readonly PlaylistLine[];
}

/**
 * Reads a media playlist, ours or foreign, full or delta. Tags without a field in the model (EXT-X-KEY, …) are kept in
 * `unknownTags`. Throws PlaylistError with line and value.
 */
export function parseMediaPlaylist(text: string, limits = DEFAULT_PLAYLIST_LIMITS): MediaPlaylist {
  return readMediaPlaylist(text, limits).playlist;
}

/** As `parseMediaPlaylist`, with version and line numbers, for the lint. */
export function readMediaPlaylist(text: string, limits = DEFAULT_PLAYLIST_LIMITS): ReadMediaPlaylist {
  const lines = readPlaylistLines(text, limits);
  const reader = new MediaPlaylistReader();
  for (const line of lines) {
    try {
      reader.read(line);
    } catch (error) {
      if (!(error instanceof PlaylistError) || error.line !== undefined) throw error;
      throw new PlaylistError(
        line.tag === undefined ? error.reason : `${line.tag}: ${error.reason}`,
        line.line,
      );
    }
  }
  return { ...reader.finish(), lines };
}

/** True when the text is a multivariant playlist (§4.4.6): it has EXT-X-STREAM-INF and no EXT-X-TARGETDURATION. */
export function isMultivariant(text: string): boolean {
  return /^#EXT-X-STREAM-INF:/m.test(text) && !/^#EXT-X-TARGETDURATION:/m.test(text);
}
