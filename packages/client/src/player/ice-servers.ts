import { parseIceServers } from '../ice-servers.ts';

const TIMEOUT_MS = 1_500;
/** TURN credentials last for a while; asked again after this. */
const KEPT_MS = 60_000;

/** Asks `url` (`GET /api/ice-servers`) for STUN and TURN servers, and remembers the answer for a minute. Without one there are no servers: on most networks none are needed. */
export class IceServers {
  readonly #url: string;
  #known: { readonly atMs: number; readonly servers: Promise<RTCIceServer[] | undefined> } | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** The servers for the next connection; never rejects. */
  async get(nowMs: number): Promise<RTCIceServer[]> {
    if (this.#known === undefined || nowMs - this.#known.atMs > KEPT_MS) {
      this.#known = { atMs: nowMs, servers: this.#fetch() };
    }
    const asked = this.#known;
    const servers = await asked.servers;
    if (servers === undefined && this.#known === asked) {
      // No answer is nothing to remember: the server may be there again for the next connection.
      this.#known = undefined;
    }
    return servers ?? [];
  }

  /** The servers; undefined without an answer. */
  async #fetch(): Promise<RTCIceServer[] | undefined> {
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return response.ok ? parseIceServers(await response.json()) : undefined;
    } catch {
      return undefined;
    }
  }
}
