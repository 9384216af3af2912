import { createHmac, randomBytes } from 'node:crypto';
import type { IceServer, IceServerSource } from '../../http/ice-server-source.ts';
import type { Clock } from '../../platform/clock.ts';

/** TURN servers that share a secret with us (coturn: `use-auth-secret`, `static-auth-secret`). */
export interface TurnOptions {
  /** Such as `turn:host:3478?transport=tcp`. */
  readonly urls: readonly string[];
  readonly secret: string;
  /** How long a credential is good, in seconds. */
  readonly ttlSec: number;
}

/** What an `IceServers` is made of. */
export interface IceServersOptions {
  readonly stunUrls: readonly string[];
  readonly turn?: TurnOptions;
  readonly clock: Clock;
}

/**
 * The STUN and TURN servers that browsers are told of. TURN credentials follow draft-uberti-behave-turn-rest-00: the user name is the
 * Unix time of expiry and a name, the password its HMAC-SHA1 under the shared secret.
 */
export class IceServers implements IceServerSource {
  readonly #options: IceServersOptions;

  constructor(options: IceServersOptions) {
    this.#options = options;
  }

  /** Servers with credentials that are good from now on for `ttlSec`. */
  iceServers(): readonly IceServer[] {
    const { stunUrls, turn } = this.#options;
    const servers: IceServer[] = stunUrls.length === 0 ? [] : [{ urls: stunUrls }];
    if (turn !== undefined) servers.push({ urls: turn.urls, ...this.#credential(turn) });
    return servers;
  }

  /** The same as values of `Link` headers (RFC 9725 §4.6), one for each URL. */
  linkHeaders(): readonly string[] {
    return this.iceServers().flatMap(({ urls, username, credential }) =>
      urls.map((url) =>
        username === undefined
          ? `<${url}>; rel="ice-server"`
          : `<${url}>; rel="ice-server"; username="${username}"; credential="${credential}"; credential-type="password"`,
      ),
    );
  }

  #credential({ secret, ttlSec }: TurnOptions): { readonly username: string; readonly credential: string } {
    const expires = Math.floor(this.#options.clock.now() / 1000) + ttlSec;
    const username = `${expires}:${randomBytes(6).toString('hex')}`;
    return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
  }
}
