/** More servers only make ICE slower, and an answer is not believed without bounds. */
const MAX_SERVERS = 8;
const MAX_URLS = 8;
const ICE_URL = /^(?:stun|turn)s?:/;

/** Reads `{"iceServers":[{urls,username?,credential?}]}`: at most eight servers; entries of another shape are left out. */
export function parseIceServers(body: unknown): RTCIceServer[] {
  if (typeof body !== 'object' || body === null || !('iceServers' in body)) {
    return [];
  }
  const { iceServers } = body;
  return Array.isArray(iceServers) ? usableIceServers(iceServers) : [];
}

/**
 * Those of the entries that a browser takes, at most eight. TURN without a login is left out: `RTCPeerConnection` throws on it, and a
 * connection without TURN is better than none.
 */
export function usableIceServers(entries: readonly unknown[]): RTCIceServer[] {
  return entries.slice(0, MAX_SERVERS).flatMap(usable);
}

function usable(entry: unknown): RTCIceServer[] {
  if (typeof entry !== 'object' || entry === null || !('urls' in entry)) {
    return [];
  }
  const listed: readonly unknown[] = Array.isArray(entry.urls) ? entry.urls.slice(0, MAX_URLS) : [entry.urls];
  const urls = listed.filter((url) => typeof url === 'string').filter((url) => ICE_URL.test(url));
  const username = 'username' in entry && typeof entry.username === 'string' ? entry.username : undefined;
  const credential =
    'credential' in entry && typeof entry.credential === 'string' ? entry.credential : undefined;
  const login = username === undefined || credential === undefined ? undefined : { username, credential };
  const taken = login === undefined ? urls.filter((url) => url.startsWith('stun')) : urls;
  return taken.length === 0 ? [] : [{ urls: taken, ...login }];
}
