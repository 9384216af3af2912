import type { AlternativeRendition, MultivariantPlaylist, Variant } from './multivariant-playlist.ts';
import { PlaylistError } from './playlist-error.ts';
import { DEFAULT_PLAYLIST_LIMITS, type PlaylistLine, readPlaylistLines } from './playlist-lines.ts';
import { parseExtXMedia } from './tags/ext-x-media.ts';
import { parseExtXStreamInf } from './tags/ext-x-stream-inf.ts';

/** A multivariant playlist with what only the text shows. */
export interface ReadMultivariantPlaylist {
  readonly playlist: MultivariantPlaylist;
  /** All tags and URIs in order, with their line numbers. */
  readonly lines: readonly PlaylistLine[];
}

/**
 * Reads a multivariant playlist (rfc8216bis §4.4.6), ours or foreign; tags without a field in the model are passed over.
 * Throws PlaylistError with line and value.
 */
export function parseMultivariantPlaylist(
  text: string,
  limits = DEFAULT_PLAYLIST_LIMITS,
): MultivariantPlaylist {
  return readMultivariantPlaylist(text, limits).playlist;
}

/** As `parseMultivariantPlaylist`, with line numbers, for the lint. */
export function readMultivariantPlaylist(
  text: string,
  limits = DEFAULT_PLAYLIST_LIMITS,
): ReadMultivariantPlaylist {
  const lines = readPlaylistLines(text, limits);
  const renditions: AlternativeRendition[] = [];
  const variants: Variant[] = [];
  let independentSegments = false;
  let pending: Omit<Variant, 'uri'> | undefined;
  for (const { line, tag, value } of lines) {
    try {
      if (tag === undefined) {
        // §4.4.6.2: the URI line that follows EXT-X-STREAM-INF is the variant's.
        if (pending === undefined)
          throw new PlaylistError(`no EXT-X-STREAM-INF before ${JSON.stringify(value)}`);
        variants.push({ ...pending, uri: value });
        pending = undefined;
      } else if (pending !== undefined) throw new PlaylistError('EXT-X-STREAM-INF is not followed by a URI');
      else if (tag === 'EXT-X-STREAM-INF') pending = parseExtXStreamInf(value);
      else if (tag === 'EXT-X-MEDIA') renditions.push(parseExtXMedia(value));
      else if (tag === 'EXT-X-INDEPENDENT-SEGMENTS') independentSegments = true;
      else if (tag === 'EXT-X-TARGETDURATION') throw new PlaylistError('this is a media playlist');
    } catch (error) {
      if (!(error instanceof PlaylistError) || error.line !== undefined) throw error;
      throw new PlaylistError(tag === undefined ? error.reason : `${tag}: ${error.reason}`, line);
    }
  }
  if (pending !== undefined) throw new PlaylistError('the last EXT-X-STREAM-INF has no URI');
  return { playlist: { independentSegments, renditions, variants }, lines };
}
