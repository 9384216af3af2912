/** What a look at the playlist URL says about the stream. */
export type SourceCondition = 'live' | 'ended' | 'absent' | 'busy' | 'forbidden' | 'unreachable';

/** Fetches a playlist; the shape of `fetch`, narrowed to what is used, so that tests need no network. */
export type PlaylistFetch = (
  url: string,
  init: { readonly cache: 'no-store'; readonly signal: AbortSignal },
) => Promise<Pick<Response, 'ok' | 'status' | 'text'>>;

/** The origin may hold a media playlist until its first part exists. */
const TIMEOUT_MS = 8_000;

/** Looks whether the stream at `url` (a multivariant or a media playlist) is live now, without disturbing what is on the screen. */
export async function probeSource(
  url: string,
  fetchPlaylist: PlaylistFetch,
  signal: AbortSignal,
): Promise<SourceCondition> {
  try {
    const first = await readPlaylist(url, fetchPlaylist, signal);
    if (typeof first === 'string') {
      return first;
    }
    const variant = firstVariantUri(first.text);
    if (variant === undefined) {
      return first.text.includes('#EXT-X-ENDLIST') ? 'ended' : 'live';
    }
    const media = await readPlaylist(new URL(variant, url).href, fetchPlaylist, signal);
    if (typeof media === 'string') {
      return media;
    }
    return media.text.includes('#EXT-X-ENDLIST') ? 'ended' : 'live';
  } catch {
    return 'unreachable';
  }
}

async function readPlaylist(
  url: string,
  fetchPlaylist: PlaylistFetch,
  signal: AbortSignal,
): Promise<{ readonly text: string } | SourceCondition> {
  const response = await fetchPlaylist(url, {
    cache: 'no-store',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  return response.ok ? { text: await response.text() } : conditionOfStatus(response.status);
}

/** What an HTTP status other than 2xx says about a live source. */
export function conditionOfStatus(status: number): SourceCondition {
  if (status === 401 || status === 403) {
    return 'forbidden';
  }
  if (status >= 500 || status === 429) {
    return 'busy';
  }
  return status === 0 ? 'unreachable' : 'absent';
}

/** The first URI after an EXT-X-STREAM-INF (rfc8216bis §4.4.6.2); undefined in a media playlist. */
function firstVariantUri(playlist: string): string | undefined {
  const lines = playlist.split(/\r?\n/);
  const tag = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF'));
  return tag === -1 ? undefined : lines.slice(tag + 1).find((line) => line !== '' && !line.startsWith('#'));
}
