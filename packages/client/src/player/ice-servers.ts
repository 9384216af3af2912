/** More than this is not ours: an answer is not believed without bounds. */
const MAX_SERVERS = 8;
const MAX_URLS = 8;
const TIMEOUT_MS = 1_500;
/** TURN credentials last for a while; asked again after this. */
const KEPT_MS = 60_000;

/** Asks `url` (`GET /api/ice-servers`) for STUN and TURN servers, and remembers them for a minute. Without an answer there are none: on most networks none are needed. */
export class IceServers {
  readonly #url: string;
  #known: { readonly atMs: number; readonly servers: Promise<RTCIceServer[]> } | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** The servers for the next connection; never rejects. */
  get(nowMs: number): Promise<RTCIceServer[]> {
    if (this.#known === undefined || nowMs - this.#known.atMs > KEPT_MS) {
      this.#known = { atMs: nowMs, servers: this.#fetch() };
    }
    return this.#known.servers;
  }

  async #fetch(): Promise<RTCIceServer[]> {
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return response.ok ? parseIceServers(await response.json()) : [];
    } catch {
      return [];
    }
  }
}

/** Reads `{ iceServers: [{ urls, username?, credential? }] }`; entries of another shape are left out. */
export function parseIceServers(body: unknown): RTCIceServer[] {
  if (typeof body !== 'object' || body === null || !('iceServers' in body)) {
    return [];
  }
  const { iceServers } = body;
  return Array.isArray(iceServers) ? iceServers.slice(0, MAX_SERVERS).flatMap(parseIceServer) : [];
}

function parseIceServer(entry: unknown): RTCIceServer[] {
  if (typeof entry !== 'object' || entry === null || !('urls' in entry)) {
    return [];
  }
  const listed: unknown[] = Array.isArray(entry.urls) ? entry.urls.slice(0, MAX_URLS) : [entry.urls];
  const urls = listed.filter((url) => typeof url === 'string').filter((url) => /^(?:stun|turn)s?:/.test(url));
  if (urls.length === 0) {
    return [];
  }
  const username = 'username' in entry && typeof entry.username === 'string' ? entry.username : undefined;
  const credential =
    'credential' in entry && typeof entry.credential === 'string' ? entry.credential : undefined;
  const needsLogin = urls.some((url) => url.startsWith('turn'));
  if (needsLogin && (username === undefined || credential === undefined)) {
    // A browser throws on TURN without a login: rather none than no connection at all.
    return [];
  }
  return [
    {
      urls,
      ...(username !== undefined && { username }),
      ...(credential !== undefined && { credential }),
    },
  ];
}
