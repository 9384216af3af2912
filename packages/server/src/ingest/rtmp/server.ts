import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PublishAuthorizer, PublishTarget } from '../../stream/publisher.ts';
import { KeyFailures } from '../key-failures.ts';
import { Admission } from './admission.ts';
import { Connection, type ConnectionDump } from './connection.ts';
import { limitKey, peerName } from './peer-address.ts';
import { defaultRtmpLimits, type RtmpLimits } from './rtmp-limits.ts';
import type { SessionServices } from './session-link.ts';

/** What an RTMP server needs. */
export interface RtmpServerOptions {
  readonly authorizer: PublishAuthorizer;
  readonly target: PublishTarget;
  readonly clock: Clock;
  readonly log: Logger;
  /** Applications that encoders may name in their URL. Default `live`. */
  readonly apps?: readonly string[];
  /** Default `defaultRtmpLimits`. */
  readonly limits?: Partial<RtmpLimits>;
  /** Wrong keys that are counted together with other protocols'. Default: counts of its own, within `limits`. */
  readonly keyFailures?: KeyFailures;
}

/** Where to listen. */
export interface ListenAddress {
  /** 0 takes a free port. */
  readonly port: number;
  /** Default: every address, IPv4 and IPv6. */
  readonly host?: string;
}

/** Certificate and key of RTMPS, in PEM. */
export interface RtmpTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** What the server is doing, for metrics and tests. */
export interface RtmpServerDump {
  readonly connections: readonly ConnectionDump[];
  readonly preAuth: number;
  readonly publishers: number;
  /** Connections refused at a cap since the start. */
  readonly refusedAtCap: number;
}

/** One timer for all time-outs of all connections. */
const TICK_MS = 250;
const REFUSAL_LOG_MS = 10_000;

/** Listens for RTMP and RTMPS publishers. */
export class RtmpServer {
  readonly #options: RtmpServerOptions;
  readonly #limits: RtmpLimits;
  readonly #services: SessionServices;
  readonly #admission: Admission<Connection>;
  readonly #connections = new Set<Connection>();
  readonly #servers: Server[] = [];
  #secureContext: SecureContext | undefined;
  #timer: NodeJS.Timeout | undefined;
  #refusedAtCap = 0;
  #refusedUnlogged = 0;
  #refusalLoggedMs = Number.NEGATIVE_INFINITY;
  #onEmpty: (() => void) | undefined;
  #closed = false;

  constructor(options: RtmpServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultRtmpLimits, ...options.limits };
    this.#admission = new Admission(this.#limits);
    this.#services = {
      limits: this.#limits,
      apps: options.apps ?? ['live'],
      authorizer: options.authorizer,
      target: options.target,
      keyFailures: options.keyFailures ?? new KeyFailures(this.#limits),
      log: options.log,
    };
  }

  /** Listens for RTMP. Resolves with the port; rejects when it is taken. */
  listen(address: ListenAddress): Promise<number> {
    return this.#listen(address, 'rtmp');
  }

  /** Listens for RTMPS with the certificate of `setTls`. Resolves with the port. Rejects when it is taken, throws without a certificate. */
  listenTls(address: ListenAddress): Promise<number> {
    if (this.#secureContext === undefined) throw new Error('RTMPS needs a certificate: call setTls first');
    return this.#listen(address, 'rtmps');
  }

  /** Sets or replaces the certificate; connections that exist keep theirs. Throws when it cannot be used. */
  setTls(tls: RtmpTls): void {
    this.#secureContext = createSecureContext({
      cert: toPem(tls.cert),
      key: toPem(tls.key),
      minVersion: 'TLSv1.2',
    });
  }

  /** What the server is doing. */
  dump(): RtmpServerDump {
    const connections = [...this.#connections];
    return {
      connections: connections.map((connection) => connection.dump()),
      preAuth: this.#admission.size,
      publishers: connections.filter((connection) => connection.publishing).length,
      refusedAtCap: this.#refusedAtCap,
    };
  }

  /** Stops listening, tells publishers goodbye and resolves when all connections are closed, within about a second. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const stopped = this.#servers.splice(0).map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
        }),
    );
    for (const connection of this.#connections) connection.stop();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
    await Promise.all(stopped);
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #listen(address: ListenAddress, protocol: 'rtmp' | 'rtmps'): Promise<number> {
    const server = createServer((socket) => this.#accept(socket, protocol));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.port, address.host, () => {
        server.off('error', reject);
        server.on('error', (error) =>
          this.#options.log.error({ error, protocol }, 'could not accept a connection'),
        );
        this.#servers.push(server);
        this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
        const bound = server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
      });
    });
  }

  #accept(raw: Socket, protocol: 'rtmp' | 'rtmps'): void {
    const address = raw.remoteAddress;
    if (address === undefined || this.#closed) {
      raw.destroy();
      return;
    }
    const key = limitKey(address);
    const peer = peerName(address, raw.remotePort ?? 0);
    if (!this.#admission.makeRoom(key)) {
      raw.destroy();
      this.#logRefusal(peer);
      return;
    }
    const connection: Connection = new Connection({
      socket: protocol === 'rtmps' ? this.#secure(raw) : raw,
      peer,
      limitKey: key,
      protocol,
      clock: this.#options.clock,
      services: this.#services,
      onAuthorised: () => this.#admission.delete(connection),
      onClosed: () => {
        this.#admission.delete(connection);
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#onEmpty?.();
      },
    });
    this.#connections.add(connection);
    this.#admission.add(connection);
  }

  #secure(raw: Socket): TLSSocket {
    // The TLS socket reports what becomes of the raw one; an error without a listener would end the process.
    raw.on('error', () => {});
    return new TLSSocket(raw, {
      isServer: true,
      ...(this.#secureContext === undefined ? {} : { secureContext: this.#secureContext }),
    });
  }

  #tick(): void {
    for (const connection of this.#connections) connection.tick();
  }

  /** Under a flood one line in ten seconds must do. */
  #logRefusal(peer: string): void {
    this.#refusedAtCap++;
    this.#refusedUnlogged++;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#refusalLoggedMs < REFUSAL_LOG_MS) return;
    this.#options.log.warn(
      { peer, refused: this.#refusedUnlogged },
      'too many connections without a stream key',
    );
    this.#refusalLoggedMs = nowMs;
    this.#refusedUnlogged = 0;
  }
}

function toPem(pem: string | Uint8Array): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem);
}
