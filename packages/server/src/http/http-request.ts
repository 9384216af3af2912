import type { OriginRequest } from '../origin/exchange.ts';

/** A request with its body: satisfied by `http.IncomingMessage` and by `http2.Http2ServerRequest`. */
export interface HttpRequest extends OriginRequest {
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    readonly remotePort?: number | undefined;
  };
  /** True once the whole body came, or nothing more can come. */
  readonly complete: boolean;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'end' | 'close', listener: () => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  resume(): unknown;
}
