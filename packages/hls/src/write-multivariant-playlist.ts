import type { MultivariantPlaylist } from './multivariant-playlist.ts';
import { writeExtXMedia } from './tags/ext-x-media.ts';
import { writeExtXStreamInf } from './tags/ext-x-stream-inf.ts';
import { writeExtXVersion } from './tags/ext-x-version.ts';

/** §8: nothing that we print in a multivariant playlist needs more; its media playlists state their own version. */
const VERSION = 6;

/** Renders a multivariant playlist (rfc8216bis §4.4.6): audio groups first, then the variants in the order given. */
export function writeMultivariantPlaylist(playlist: MultivariantPlaylist): string {
  let text = `#EXTM3U\n${writeExtXVersion(VERSION)}\n`;
  if (playlist.independentSegments) text += '#EXT-X-INDEPENDENT-SEGMENTS\n';
  for (const rendition of playlist.renditions) text += `${writeExtXMedia(rendition)}\n`;
  for (const variant of playlist.variants) text += `${writeExtXStreamInf(variant)}\n${variant.uri}\n`;
  return text;
}
