import type { IncomingHttpHeaders, OutgoingHttpHeader } from 'node:http';

/**
 * The part of a request that the origin reads: satisfied by `http.IncomingMessage` and by `http2.Http2ServerRequest`.
 */
export interface OriginRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/**
 * The part of a response that the origin writes: satisfied by `http.ServerResponse` and by `http2.Http2ServerResponse`.
 * Headers travel as one flat array of names and values, which Node copies without building an object.
 */
export interface OriginResponse {
  writeHead(status: number, headers: OutgoingHttpHeader[]): unknown;
  write(body: Uint8Array): boolean;
  end(body?: Uint8Array): unknown;
  on(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  /** The connection under an HTTP/1.1 response; null once it is gone. */
  readonly socket: ConnectionOfResponse | null;
  /** The HTTP/2 stream; absent on HTTP/1.1. */
  readonly stream?: { readonly session?: object | undefined; readonly closed: boolean };
}

/** The little that backpressure needs to know of a connection. */
export interface ConnectionOfResponse {
  /** Bytes that the kernel has not taken yet. */
  readonly writableLength: number;
  readonly destroyed: boolean;
}

/** Flat list of header names and values, as `writeHead` takes it. */
export type HeaderList = OutgoingHttpHeader[];

/** True when the client lists gzip in Accept-Encoding and does not forbid it (RFC 9110 §12.5.3). */
export function acceptsGzip(request: OriginRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  if (typeof accepted !== 'string') return false;
  const at = accepted.indexOf('gzip');
  if (at < 0) return false;
  // `gzip;q=0`, `gzip; q=0.0` refuse it; every other weight will do.
  const next = accepted.indexOf(',', at);
  const weight = accepted.slice(at + 4, next < 0 ? undefined : next);
  return !/^\s{0,8};\s{0,8}q=0(?:\.0{0,3})?\s{0,8}$/i.test(weight);
}
