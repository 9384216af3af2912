import { parseMultivariantPlaylist } from '@tallylight/hls/parse-multivariant-playlist.ts';
import type { RenditionOption } from './player-state.ts';
import { renditionOptions } from './rendition-option.ts';

/** Larger is no multivariant playlist. */
const MAX_CHARS = 256 * 1024;
const TIMEOUT_MS = 5_000;

/** Fetches the rendition menu without playing anything; empty when the playlist cannot be had. The ids are those that LL-HLS playback uses. */
export async function fetchRenditions(url: string, signal: AbortSignal): Promise<RenditionOption[]> {
  try {
    const response = await fetch(url, {
      cache: 'no-store',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await response.text();
    return response.ok && text.length <= MAX_CHARS ? readRenditions(text) : [];
  } catch {
    return [];
  }
}

/** The menu that a multivariant playlist amounts to, from the highest picture to the lowest. */
export function readRenditions(playlist: string): RenditionOption[] {
  const { variants } = parseMultivariantPlaylist(playlist);
  const options = renditionOptions(
    variants.map(({ resolution, bandwidthBps, frameRate }) => ({
      width: resolution?.width ?? 0,
      height: resolution?.height ?? 0,
      // As hls.js's `Level.bitrate`.
      bitrate: bandwidthBps,
      frameRate: frameRate ?? 0,
    })),
  );
  return options.sort((a, b) => b.height - a.height || b.bitrateBps - a.bitrateBps);
}
