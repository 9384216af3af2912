import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { httpGet } from '../support/http-client.ts';

/** Number of the newest segment that a playlist lists media of. */
export function edgeMsn(playlist: MediaPlaylist): number {
  const open = (playlist.open?.parts.length ?? 0) > 0 ? 1 : 0;
  return playlist.mediaSequence + playlist.segments.length - 1 + open;
}

/** A media playlist as it is now; undefined when it cannot be had. */
export async function currentPlaylist(url: string): Promise<MediaPlaylist | undefined> {
  try {
    const answer = await httpGet(url, { timeoutMs: 3000 });
    return answer.status === 200 ? parseMediaPlaylist(answer.body.toString()) : undefined;
  } catch {
    return undefined;
  }
}
