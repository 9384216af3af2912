import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { OriginResponse } from '../origin/exchange.ts';
import type { Logger } from '../platform/logger.ts';
import { ClientAddresses } from './address.ts';
import { ConnectionLimit } from './connection-limit.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from './http-limits.ts';
import type { HttpRequest } from './http-request.ts';
import { respondText } from './respond.ts';
import type { RequestHandler } from './router.ts';
import { type TlsFiles, type TlsIdentity, watchTlsFiles } from './tls-identity.ts';

/** HTTPS on a port of its own, HTTP/2 and HTTP/1.1 by ALPN. */
export interface HttpsOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly identity: TlsIdentity;
  /** Files to watch for a renewed certificate. */
  readonly files?: TlsFiles;
}

/** What a server is made of. */
export interface HttpServerOptions {
  /** Address to listen on; default all. */
  readonly host?: string;
  /** 0: any free port. */
  readonly httpPort: number;
  readonly https?: HttpsOptions;
  /** Tried in this order; a request that none takes is 404. Put the busiest first. */
  readonly handlers: readonly RequestHandler[];
  readonly log: Logger;
  /** What differs from {@link DEFAULT_HTTP_LIMITS}. */
  readonly limits?: Partial<HttpLimits>;
  /** Knows the proxies that have no connection cap. Default: none. */
  readonly addresses?: ClientAddresses;
}

/** Takes over the connection of a request that asks for another protocol; it owns the socket from then on. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The ports that a server got. */
export interface BoundPorts {
  readonly httpPort: number;
  readonly httpsPort?: number;
}

/** HTTP/1.1, and with a certificate HTTP/2 over TLS, under one set of limits. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #connections: ConnectionLimit;
  readonly #http: Server;
  readonly #https: Http2SecureServer | undefined;
  readonly #sessions = new Set<ServerHttp2Session>();
  #stopWatching: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** Opens nothing yet. */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
    this.#connections = new ConnectionLimit(this.#limits, options.addresses ?? new ClientAddresses());
    const listener = (request: HttpRequest, response: OriginResponse): void =>
      this.#handle(request, response);
    this.#http = createServer(this.#http1Options(), listener);
    this.#http.keepAliveTimeout = this.#limits.keepAliveTimeoutMs;
    this.#http.timeout = this.#limits.socketTimeoutMs;
    this.#guard(this.#http);
    this.#https = options.https === undefined ? undefined : this.#createSecure(options.https, listener);
  }

  /** Listens on every port; throws what `listen` throws, such as EADDRINUSE. */
  async listen(): Promise<BoundPorts> {
    const { host, https, httpPort, log } = this.#options;
    const bound = await listen(this.#http, httpPort, host);
    if (this.#https === undefined || https === undefined) return { httpPort: bound };
    const httpsPort = await listen(this.#https, https.port, host);
    if (https.files !== undefined) {
      const secure = this.#https;
      this.#stopWatching = watchTlsFiles(https.files, 5000, log, (identity) =>
        secure.setSecureContext(identity),
      );
    }
    return { httpPort: bound, httpsPort };
  }

  /**
   * Hands WebSocket upgrades of HTTP/1.1 whose target begins with `path` to `handler`. Such a connection does not count against the
   * connection caps any more: the handler has its own. Every other request for an upgrade is answered as if it had not asked.
   */
  onUpgrade(path: string, handler: UpgradeHandler): void {
    const wanted = ({ url, headers }: IncomingMessage): boolean =>
      headers.upgrade?.toLowerCase() === 'websocket' &&
      url?.startsWith(path) === true &&
      url.length <= this.#limits.maxUrlBytes;
    for (const server of this.#https === undefined ? [this.#http] : [this.#http, this.#https]) {
      // Present since Node 24.9, absent from the types.
      Object.assign(server, { shouldUpgradeCallback: wanted });
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        this.#connections.release(request.socket);
        // Node does not listen any more, and a reset that nobody hears ends the process.
        socket.on('error', () => socket.destroy());
        handler(request, socket, head);
      });
    }
  }

  /**
   * Takes no more connections, releases what waits, closes idle ones, and cuts the rest after `closeGraceMs`. Closing twice
   * is closing once.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  async #close(): Promise<void> {
    this.#stopWatching?.();
    const closed = Promise.all([
      closeServer(this.#http),
      this.#https === undefined ? undefined : closeServer(this.#https),
    ]);
    for (const handler of this.#options.handlers) handler.close?.();
    for (const session of this.#sessions) session.close();
    const graceUntil = performance.now() + this.#limits.closeGraceMs;
    // Connections become idle one by one, as their answers end.
    const sweep = setInterval(() => this.#closeIdle(performance.now() >= graceUntil), 20);
    this.#closeIdle(this.#limits.closeGraceMs === 0);
    await closed;
    clearInterval(sweep);
  }

  #closeIdle(everything: boolean): void {
    this.#http.closeIdleConnections();
    // Present since Node 24.11, absent from the types.
    (this.#https as Partial<Server> | undefined)?.closeIdleConnections?.();
    this.#connections.destroy(everything ? () => true : (socket) => socket.bytesRead === 0);
  }

  #handle(request: HttpRequest, response: OriginResponse): void {
    const { url } = request;
    if (url !== undefined && url.length > this.#limits.maxUrlBytes) {
      respondText(response, 414, 'URI too long\n');
      return;
    }
    try {
      for (const handler of this.#options.handlers) {
        if (handler.handle(request, response)) return;
      }
      respondText(response, 404, 'not found\n');
    } catch (error) {
      this.#options.log.error({ err: error }, 'request failed');
      if (!response.headersSent) respondText(response, 500, 'internal error\n');
    }
  }

  #http1Options() {
    const limits = this.#limits;
    return {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: Math.max(limits.requestTimeoutMs, limits.headersTimeoutMs),
      connectionsCheckingInterval: limits.checkIntervalMs,
      maxHeaderSize: limits.maxHeaderBytes,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      noDelay: true,
    };
  }

  #createSecure(
    https: HttpsOptions,
    listener: (request: HttpRequest, response: OriginResponse) => void,
  ): Http2SecureServer {
    const limits = this.#limits;
    const options = {
      ...this.#http1Options(),
      ...https.identity,
      allowHTTP1: true,
      handshakeTimeout: limits.handshakeTimeoutMs,
      settings: {
        maxConcurrentStreams: limits.maxConcurrentStreams,
        maxHeaderListSize: limits.maxHeaderBytes,
        enablePush: false,
      },
    };
    const server = createSecureServer(options, listener);
    server.setTimeout(limits.keepAliveTimeoutMs);
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    this.#guard(server);
    return server;
  }

  #guard(server: NetServer): void {
    server.on('connection', (socket: Socket) => this.#connections.admit(socket));
    server.on('clientError', (error: Error & { readonly code?: string }, socket: Duplex) =>
      refuse(error.code, socket),
    );
  }
}

/** What Node's parser refused never becomes a request, so it is answered by hand. */
function refuse(code: string | undefined, socket: Duplex): void {
  // Before the end of a TLS handshake nothing can be said: an answer would wait for it for ever, and keep the connection.
  const isShakingHands = 'secureConnecting' in socket && socket.secureConnecting === true;
  if (!socket.writable || code === 'ECONNRESET' || isShakingHands) {
    socket.destroy();
    return;
  }
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nAccess-Control-Allow-Origin: *\r\nCache-Control: no-store\r\n` +
      'Content-Length: 0\r\nConnection: close\r\n\r\n',
  );
}

function listen(server: NetServer, port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }), backlog: 1024 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: NetServer): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) resolve();
    else server.close(() => resolve());
  });
}
