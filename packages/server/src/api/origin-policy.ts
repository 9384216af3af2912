import { liveError } from '@tallylight/protocol/errors.ts';
import type { HttpRequest } from '../http/http-request.ts';

/** The little of a request that tells which page sent it. */
export type PageRequest = Pick<HttpRequest, 'headers' | 'socket'>;

/** Which pages may do what with the cookies of our users. */
export class OriginPolicy {
  readonly #trusted: ReadonlySet<string>;

  /** @param trusted origins such as `https://chat.example.org`: they may call with cookies and read the answers. Default none but our own. */
  constructor(trusted: readonly string[] = []) {
    this.#trusted = new Set(trusted);
  }

  /** True for a page of ours, or of an origin that the operator trusts. */
  allows(origin: string, request: PageRequest): boolean {
    return this.#trusted.has(origin) || isOwn(origin, request);
  }

  /** True for a foreign origin that the operator trusts. */
  trusts(origin: string): boolean {
    return this.#trusted.has(origin);
  }

  /**
   * Refuses, with CSRF, a change of state that a foreign page may have sent in the name of a user of ours: its browser adds our cookie by
   * itself. A request with `Authorization` is none of these: no page can make a foreign browser send that.
   */
  refuseForged(request: PageRequest): void {
    const { headers } = request;
    if (headers.authorization !== undefined) return;
    const { origin } = headers;
    if (origin !== undefined) {
      if (!this.allows(origin, request)) throw forged(origin);
      return;
    }
    const site = headers['sec-fetch-site'];
    if (site !== undefined ? site !== 'same-origin' : headers.cookie !== undefined) throw forged(undefined);
  }

  /** CORS headers of an answer, as the route is public or not. */
  answerHeaders(request: PageRequest, isPublic: boolean): Readonly<Record<string, string>> {
    const { origin } = request.headers;
    if (origin !== undefined && this.#trusted.has(origin)) {
      return {
        ...EXPOSED,
        Vary: 'Origin',
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Credentials': 'true',
      };
    }
    // Without `Allow-Credentials`, browsers let no page read what they sent a cookie for.
    return isPublic ? { ...EXPOSED, Vary: 'Origin', 'Access-Control-Allow-Origin': '*' } : { Vary: 'Origin' };
  }

  /** Headers of the answer to a preflight, for a path that takes `methods`. */
  preflightHeaders(
    request: PageRequest,
    methods: string,
    isPublic: boolean,
  ): Readonly<Record<string, string>> {
    const { origin } = request.headers;
    const trusted = origin !== undefined && this.#trusted.has(origin);
    if (!trusted && !isPublic) return { Vary: 'Origin' };
    return {
      ...this.answerHeaders(request, isPublic),
      'Access-Control-Allow-Methods': trusted ? methods : 'GET, HEAD, OPTIONS',
      'Access-Control-Allow-Headers': trusted
        ? 'Authorization, Content-Type, Idempotency-Key'
        : 'Content-Type',
      'Access-Control-Max-Age': '600',
    };
  }
}

const EXPOSED = {
  'Access-Control-Expose-Headers':
    'Location, ETag, Link, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, X-Has-More, X-Chat-Epoch, X-Chat-Last-Seq',
} as const;

/** The page came from where its request goes to. A proxy that ends TLS hides from us that the page is an https one; never the reverse. */
function isOwn(origin: string, { headers, socket }: PageRequest): boolean {
  const host = headers.host ?? headers[':authority'];
  if (typeof host !== 'string' || host === '') return false;
  const encrypted = 'encrypted' in socket && socket.encrypted === true;
  return origin === `https://${host}` || (!encrypted && origin === `http://${host}`);
}

function forged(origin: string | undefined): Error {
  return liveError(
    'CSRF',
    origin === undefined
      ? 'a change with a cookie needs an Origin header'
      : `pages of ${JSON.stringify(origin.slice(0, 100))} may not do this: see CORS_ORIGINS`,
  );
}
