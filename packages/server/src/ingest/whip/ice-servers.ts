import { createHmac, randomBytes } from 'node:crypto';
import type { IceServer, IceServerSource } from '../../http/ice-server-source.ts';
import type { Clock } from '../../platform/clock.ts';

/** TURN servers that share one secret with us. */
export interface TurnOptions {
  /** `turn:` and `turns:` URLs (RFC 7065), such as `turn:turn.example.org:3478?transport=tcp`. */
  readonly urls: readonly string[];
  /** The servers' shared secret: coturn's `static-auth-secret`. */
  readonly secret: string;
  /**
   * How long credentials are good, in seconds. A session that relays needs them for as long as it lasts: the TURN server checks them anew
   * at each refresh.
   */
  readonly ttlSec: number;
}

/** Which STUN and TURN servers browsers are told of. */
export interface IceServerOptions {
  /** `stun:` and `stuns:` URLs (RFC 7064); may be empty. */
  readonly stunUrls: readonly string[];
  /** Absent without TURN servers. */
  readonly turn?: TurnOptions;
  readonly clock: Clock;
}

/** host, or IPv6 in brackets, then a port: RFC 7064 §3.1 and RFC 7065 §3.1. */
const HOST = String.raw`(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?`;
/** A STUN server as RFC 7064 writes it, host and perhaps port. */
export const STUN_URL = new RegExp(`^stuns?:${HOST}$`);
/** A TURN server as RFC 7065 writes it. */
export const TURN_URL = new RegExp(String.raw`^turns?:${HOST}(?:\?transport=(?:udp|tcp))?$`);

/**
 * The ICE servers for browsers, with TURN credentials made anew for each answer by coturn's REST scheme (draft-uberti-behave-turn-rest-00):
 * the user name holds the time of expiry, the password is its HMAC under the secret that only we and the TURN server know.
 */
export class IceServers implements IceServerSource {
  readonly #options: IceServerOptions;

  /** Throws RangeError for a URL that is none, TURN without a secret, and a lifetime of no seconds. */
  constructor(options: IceServerOptions) {
    const { stunUrls, turn } = options;
    for (const url of stunUrls) {
      if (!STUN_URL.test(url)) throw new RangeError(`'${url}' is not stun:host:port`);
    }
    for (const url of turn?.urls ?? []) {
      if (!TURN_URL.test(url)) throw new RangeError(`'${url}' is not turn:host:port?transport=udp`);
    }
    if (turn?.secret === '') throw new RangeError('TURN servers without their secret');
    if (turn !== undefined && !(turn.ttlSec >= 1)) {
      throw new RangeError(`TURN credentials good for ${turn.ttlSec} s`);
    }
    this.#options = options;
  }

  /** As `RTCPeerConnection` takes them; empty when none are configured. */
  iceServers(): readonly IceServer[] {
    const { stunUrls, turn, clock } = this.#options;
    const servers: IceServer[] = [];
    if (stunUrls.length > 0) servers.push({ urls: stunUrls });
    if (turn !== undefined && turn.urls.length > 0) {
      const expirySec = Math.floor(clock.now() / 1000) + turn.ttlSec;
      // A name of its own for each answer, so that a quota per user counts sessions and not everybody together.
      const username = `${expirySec}:${randomBytes(8).toString('hex')}`;
      servers.push({ urls: turn.urls, username, credential: turnCredential(turn.secret, username) });
    }
    return servers;
  }

  /** The same as values of `Link` headers. */
  linkHeaders(): readonly string[] {
    return toLinkHeaders(this.iceServers());
  }
}

/** The password of a user name: base64 of HMAC-SHA1 (draft-uberti-behave-turn-rest-00 §2.2). */
export function turnCredential(secret: string, username: string): string {
  return createHmac('sha1', secret).update(username).digest('base64');
}

/** One value of a `Link` header for each URL (RFC 9725 §4.6). */
export function toLinkHeaders(servers: readonly IceServer[]): string[] {
  return servers.flatMap(({ urls, username, credential }) => {
    const secret =
      username === undefined || credential === undefined
        ? ''
        : `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
    return urls.map((url) => `<${url}>; rel="ice-server"${secret}`);
  });
}

/** RFC 9110 §5.6.4. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
}
