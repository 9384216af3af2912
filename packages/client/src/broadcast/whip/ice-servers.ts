import { iceServersOf, readLinks } from './link-header.ts';

/** Where ICE servers are asked for, and by what. */
export interface IceServerQuery {
  /** Answers `{"iceServers":[…]}`. Without it the WHIP endpoint is asked by OPTIONS (RFC 9725 §4.6). */
  readonly iceServersUrl: string | undefined;
  readonly endpoint: string;
  readonly streamKey: string;
  readonly signal: AbortSignal;
}

/** STUN and TURN help only some networks: nobody waits for them longer than this. */
const PATIENCE_MS = 2_000;
/** More only make ICE slower. */
const MAX_SERVERS = 8;

/** The ICE servers to use now; TURN credentials expire, so they are asked for before each session. None when nobody answers. */
export async function fetchIceServers(query: IceServerQuery): Promise<RTCIceServer[]> {
  const signal = AbortSignal.any([query.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    if (query.iceServersUrl !== undefined) {
      const response = await fetch(query.iceServersUrl, { cache: 'no-store', signal });
      return response.ok ? parseIceServers(await response.json()) : [];
    }
    const response = await fetch(query.endpoint, {
      method: 'OPTIONS',
      headers: { Authorization: `Bearer ${query.streamKey}` },
      signal,
    });
    return iceServersOf(readLinks(response.headers.get('Link'))).slice(0, MAX_SERVERS);
  } catch {
    return [];
  }
}

/** Reads `{"iceServers":[{urls,username?,credential?}]}`; entries of another shape are left out. */
export function parseIceServers(body: unknown): RTCIceServer[] {
  if (
    typeof body !== 'object' ||
    body === null ||
    !('iceServers' in body) ||
    !Array.isArray(body.iceServers)
  ) {
    return [];
  }
  return body.iceServers
    .flatMap((entry: unknown): RTCIceServer[] => {
      if (typeof entry !== 'object' || entry === null || !('urls' in entry)) {
        return [];
      }
      const list: readonly unknown[] = Array.isArray(entry.urls) ? entry.urls : [entry.urls];
      const urls = list
        .filter((url) => typeof url === 'string')
        .filter((url) => /^(?:stun|turn)s?:/.test(url));
      if (urls.length === 0) {
        return [];
      }
      return 'username' in entry &&
        typeof entry.username === 'string' &&
        'credential' in entry &&
        typeof entry.credential === 'string'
        ? [{ urls, username: entry.username, credential: entry.credential }]
        : [{ urls }];
    })
    .slice(0, MAX_SERVERS);
}
