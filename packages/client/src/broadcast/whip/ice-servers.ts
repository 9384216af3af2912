import { parseIceServers } from '../../ice-servers.ts';
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
    return iceServersOf(readLinks(response.headers.get('Link')));
  } catch {
    return [];
  }
}
