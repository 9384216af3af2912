/** What a broadcast knows about where it goes. */
export interface IngestAddress {
  /** A WHIP URL, absolute or relative to the page; an RTMP URL, which browsers cannot use, or nothing. */
  readonly ingestUrl: string;
  readonly streamId: string;
}

/** The WHIP endpoint of a stream: its `ingestUrl` when that is HTTP, else the one that our server has for every stream. */
export function whipEndpoint(address: IngestAddress, pageUrl: string): string {
  const path =
    address.streamId === '' ? '/whip' : `/api/streams/${encodeURIComponent(address.streamId)}/whip`;
  const wanted = address.ingestUrl === '' ? path : address.ingestUrl;
  const url = new URL(wanted, pageUrl);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : new URL(path, pageUrl).href;
}

/** The stream's id in a watch page's URL, `/watch/<id>`; undefined when it has none. */
export function streamIdOfWatchUrl(watchUrl: string | undefined): string | undefined {
  const id = watchUrl === undefined ? undefined : /\/watch\/([^/?#]+)/.exec(watchUrl)?.[1];
  try {
    return id === undefined ? undefined : decodeURIComponent(id);
  } catch {
    return undefined;
  }
}
