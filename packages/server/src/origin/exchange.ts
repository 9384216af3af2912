import type { IncomingHttpHeaders } from 'node:http';
import type { Visibility } from './cache-control.ts';

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
  writeHead(status: number, headers: string[]): unknown;
  write(body: Uint8Array): boolean;
  end(): unknown;
  end(body: Uint8Array): unknown;
  end(body: string, encoding: 'latin1'): unknown;
  on(event: 'close' | 'drain', listener: () => void): unknown;
  off(event: 'close' | 'drain', listener: () => void): unknown;
  readonly headersSent: boolean;
  /** True once `end()` was called. */
  readonly writableEnded: boolean;
  /** True once the other side is gone, or the response was destroyed. */
  readonly destroyed?: boolean;
  /** The connection under an HTTP/1.1 response; null before its turn in a pipeline and once it is gone. */
  readonly socket: ResponseChannel | null;
  /** The HTTP/2 stream; absent on HTTP/1.1. */
  readonly stream?: ResponseChannel;
}

/** What carries a response's bytes: a socket (HTTP/1.1) or a stream (HTTP/2). */
export interface ResponseChannel {
  /** Bytes that were written and are still in our memory. */
  readonly writableLength: number;
  readonly destroyed: boolean;
  cork(): void;
  uncork(): void;
  destroy(): unknown;
}

/** Flat list of header names and values, as `writeHead` takes it. */
export type HeaderList = string[];

/** One authorised request on its way through a handler. */
export interface Exchange {
  readonly request: OriginRequest;
  readonly response: OriginResponse;
  /** Client address as limits count it. */
  readonly address: string;
  readonly visibility: Visibility;
  /** HEAD: headers only. */
  readonly headOnly: boolean;
}

/** The channel of a response, wherever its protocol keeps it. */
export function channelOf(response: OriginResponse): ResponseChannel | null {
  return response.stream ?? response.socket;
}

/** True when the client lists gzip in Accept-Encoding and does not forbid it (RFC 9110 §12.5.3). */
export function acceptsGzip(request: OriginRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  if (typeof accepted !== 'string') return false;
  const at = accepted.indexOf('gzip');
  if (at < 0) return false;
  const next = accepted.indexOf(',', at);
  const end = next < 0 ? accepted.length : next;
  // `gzip;q=0`, `gzip; q=0.0` refuse it; every other weight will do.
  return end === at + 4 || !/^\s{0,8};\s{0,8}q=0(?:\.0{0,3})?\s{0,8}$/i.test(accepted.slice(at + 4, end));
}
