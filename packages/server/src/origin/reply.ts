import type { Clock } from '../platform/clock.ts';
import { NO_STORE, NOT_FOUND, PRIVATE, type Visibility } from './cache-control.ts';
import type { DrainWatch } from './drain-watch.ts';
import { acceptsGzip, channelOf, type Exchange, type HeaderList, type OriginResponse } from './exchange.ts';
import type { RenderedPlaylist } from './rendered-playlist.ts';

/** Media type of every playlist (rfc8216bis-22 §4). */
const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

/** Response header with the server's clock, in Unix milliseconds: the player's latency is measured against it. */
export const SERVER_TIME_HEADER = 'X-Server-Time';

/** What a page of another origin may read (Fetch §3.3.3): hls.js reads Age and Date, ranges need the other two. */
const EXPOSED = `Age, Date, Content-Length, Content-Range, ${SERVER_TIME_HEADER}`;

/** Errors of the origin and their one-line bodies. */
const ERROR_BODIES: Readonly<Record<ErrorStatus, Buffer>> = {
  400: Buffer.from('bad request\n'),
  401: Buffer.from('token required\n'),
  403: Buffer.from('forbidden\n'),
  404: Buffer.from('not found\n'),
  405: Buffer.from('method not allowed\n'),
  416: Buffer.from('range not satisfiable\n'),
  500: Buffer.from('internal error\n'),
  503: Buffer.from('not available now\n'),
};

/** Every status above 399 that the origin answers with. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 416 | 500 | 503;

/** Writes answers: one `writeHead` with a flat header list, one burst of bytes. */
export class Replier {
  readonly #clock: Clock;
  readonly #drains: DrainWatch;

  /** @param drains watches bodies that the reader does not take at once. */
  constructor(clock: Clock, drains: DrainWatch) {
    this.#clock = clock;
    this.#drains = drains;
  }

  /**
   * The headers of every answer: CORS (on errors as well, or a page cannot read the status) and the server's clock.
   * `extra` follows them.
   */
  headers(cacheControl: string, extra: readonly string[]): HeaderList {
    return [
      'Access-Control-Allow-Origin',
      '*',
      'Access-Control-Expose-Headers',
      EXPOSED,
      SERVER_TIME_HEADER,
      String(Math.round(this.#clock.now())),
      'Cache-Control',
      cacheControl,
      ...extra,
    ];
  }

  /** Sends one body. */
  send(exchange: Exchange, status: number, headers: HeaderList, body: Uint8Array): void {
    const { response } = exchange;
    if (isGone(response)) return;
    response.writeHead(status, headers);
    if (exchange.headOnly) response.end();
    else this.#drains.end(response, body);
  }

  /** Sends the pieces of one body in a burst. */
  sendPieces(exchange: Exchange, status: number, headers: HeaderList, pieces: readonly Uint8Array[]): void {
    const { response } = exchange;
    if (isGone(response)) return;
    response.writeHead(status, headers);
    if (exchange.headOnly) response.end();
    else this.#drains.endPieces(response, pieces);
  }

  /** Sends a playlist, compressed when the client takes that. */
  sendPlaylist(exchange: Exchange, rendered: RenderedPlaylist, cacheControl: string): void {
    const { response } = exchange;
    if (isGone(response)) return;
    const gzip = acceptsGzip(exchange.request);
    const text = gzip ? rendered.gzip() : rendered.plain;
    const headers = this.headers(cacheControl, [
      'Content-Type',
      PLAYLIST_TYPE,
      'Vary',
      'Accept-Encoding',
      'Content-Length',
      text.length,
    ]);
    if (gzip) headers.push('Content-Encoding', 'gzip');
    response.writeHead(200, headers);
    if (exchange.headOnly) response.end();
    else this.#drains.endText(response, text);
  }

  /** Sends an answer that has no body (204, 304). */
  sendEmpty(exchange: Exchange, status: number, headers: HeaderList): void {
    if (isGone(exchange.response)) return;
    exchange.response.writeHead(status, headers);
    exchange.response.end();
  }

  /** Answers a CORS preflight (Fetch §4.8): plain and Range requests of any page, remembered for a day. */
  sendPreflight(exchange: Exchange): void {
    this.sendEmpty(
      exchange,
      204,
      this.headers('public, max-age=86400', [
        'Access-Control-Allow-Methods',
        'GET, HEAD, OPTIONS',
        'Access-Control-Allow-Headers',
        'Range, If-None-Match, If-Range, Cache-Control',
        'Access-Control-Max-Age',
        '86400',
      ]),
    );
  }

  /** Sends an error with its cache rule: a 404 may be kept for a second, nothing else may. */
  sendError(
    exchange: Exchange,
    status: ErrorStatus,
    extra: readonly string[] = [],
    body: Buffer = ERROR_BODIES[status],
  ): void {
    this.send(
      exchange,
      status,
      this.headers(errorCacheControl(status, exchange.visibility), [
        'Content-Type',
        'text/plain; charset=utf-8',
        'X-Content-Type-Options',
        'nosniff',
        'Content-Length',
        String(body.length),
        ...extra,
      ]),
      body,
    );
  }
}

/** True when nobody can read the answer any more, or it was already given. */
export function isGone(response: OriginResponse): boolean {
  return response.headersSent || response.writableEnded || channelOf(response)?.destroyed === true;
}

function errorCacheControl(status: ErrorStatus, visibility: Visibility): string {
  if (visibility === 'private') return PRIVATE;
  return status === 404 ? NOT_FOUND : NO_STORE;
}
