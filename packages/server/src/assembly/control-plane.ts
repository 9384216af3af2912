import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Check, readinessRoutes } from '../api/health-routes.ts';
import { Metrics } from '../api/metrics.ts';
import { KeyRing, type MasterKey } from '../control/keys/key-ring.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { RequestHandler } from '../http/router.ts';
import type { ViewerAuthorizer } from '../packager/presentation.ts';
import type { PublishAuthorizer } from '../stream/publisher.ts';
import type { Retention } from './control-jobs.ts';
import type { ControlServicesOptions } from './control-services.ts';
import type { OpenControl } from './open-control.ts';
import { StartingGate } from './starting-gate.ts';

/** What the control plane is made of. */
export interface ControlPlaneOptions extends Omit<ControlServicesOptions, 'database' | 'ring'> {
  /** A server somewhere, or a folder in which one is run. */
  readonly database: ({ readonly url: string } | { readonly directory: string }) & {
    readonly maxConnections?: number;
    readonly timeoutMs?: number;
  };
  /** The one that seals, then those that sealed before. */
  readonly masterKeys: readonly [MasterKey, ...MasterKey[]];
  /** Pages of these origins may call with cookies. */
  readonly corsOrigins: readonly string[];
  /** The client's address as limits count it. */
  readonly clientAddress: (request: Pick<HttpRequest, 'headers' | 'socket'>) => string;
  readonly version: string;
  readonly retention: Retention;
  /** See `ApiOptions.strictAnswers`. */
  readonly strictAnswers?: boolean;
}

/** How long to wait before the database is tried again, in milliseconds. */
const RETRY_MS = 1000;
/** A database that hangs takes no leave: after so long, in milliseconds, each step of closing is given up. */
const CLOSE_MS = 5000;
/** Errors that do not heal by waiting. */
const LASTING: ReadonlySet<string> = new Set([
  'EmbeddedPostgresError',
  'DatabaseInUseError',
  'MigrationError',
]);
/** The other times of a database that is open, too. */
const STARTING = 'the server is starting: try again in a moment';

/**
 * Accounts, streams, chat and all else that needs the database. It opens beside the media server, which never waits for it: until it is
 * open its API answers 503, publishers with its keys are asked to come again, and `/readyz` says why.
 */
export class ControlPlane {
  readonly metrics = new Metrics();
  /** To be asked after the media's own handlers, before the pages. */
  readonly handlers: readonly RequestHandler[];
  /** Who may publish with a key of the database. */
  readonly publishAuthorizer: PublishAuthorizer = {
    authorize: async (request) =>
      (await this.#opened?.services.publishers.authorize(request)) ?? {
        allowed: false,
        reason: STARTING,
        isGuess: false,
      },
  };
  /** Who may watch: streams that are not of the control plane are public. */
  readonly viewerAuthorizer: ViewerAuthorizer = {
    // No stream of the control plane has media before its publisher was let in.
    authorize: (request) => this.#opened?.services.watching.authorize(request) ?? 'public',
    onRevoked: (listener) => {
      this.#revocations.add(listener);
      return () => this.#revocations.delete(listener);
    },
  };
  readonly #options: ControlPlaneOptions;
  readonly #ring: KeyRing;
  readonly #revocations = new Set<Parameters<NonNullable<ViewerAuthorizer['onRevoked']>>[0]>();
  readonly #stopping = new AbortController();
  #opening: Promise<void> | undefined;
  #embedded: { readonly url: string; close(): Promise<void> } | undefined;
  #opened: OpenControl | undefined;
  #trouble = STARTING;

  /** Opens nothing yet. */
  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#ring = new KeyRing(options.masterKeys);
    const { clock, log } = options;
    const gate = new StartingGate(() => (this.#opened === undefined ? this.#trouble : undefined));
    const later = (pick: (opened: OpenControl) => RequestHandler): RequestHandler => ({
      handle: (request, response) =>
        this.#opened !== undefined && pick(this.#opened).handle(request, response),
    });
    this.handlers = [
      readinessRoutes({ checks: () => this.#checks(), clock, log }),
      gate,
      later(({ auth }) => auth),
      later(({ api }) => api),
    ];
    this.metrics.add(() => (this.#opened === undefined ? [] : this.#opened.figures()));
  }

  /** Makes one and begins to open it. */
  static start(options: ControlPlaneOptions): ControlPlane {
    const plane = new ControlPlane(options);
    // Whoever wants to know asks `open()` again.
    plane.open().catch(() => undefined);
    return plane;
  }

  /**
   * Begins to open, the first time it is called. Resolves once everything answers; rejects with `EmbeddedPostgresError` or `MigrationError`
   * when it never will as things are.
   */
  open(): Promise<void> {
    this.#opening ??= this.#openUntilDone();
    return this.#opening;
  }

  /** The token that makes the first administrator; undefined when there is one, or nothing is known yet. */
  setupToken(): string | undefined {
    return this.#opened?.services.accounts.setupToken();
  }

  /** True where people are a host app's, whose database it is: nobody can be made here. False as long as nothing is known. */
  isHosted(): boolean {
    return this.#opened?.services.accounts.isHosted ?? false;
  }

  /** False: lists of live streams must not name it to everybody. */
  isListed(streamId: string): boolean {
    return this.#opened?.services.watching.isListed(streamId) ?? true;
  }

  /** Takes a WebSocket. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#opened === undefined) {
      // It does not count against a cap any more: who does not hang up is cut.
      socket.once('finish', () => socket.destroy());
      socket.end(
        'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      );
      return;
    }
    this.#opened.realtime.handleUpgrade(request, socket, head);
  }

  /** Ends sockets and services, then the database; idempotent. Does not wait for a database that hangs. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#within(this.#opening?.catch(() => undefined));
    const opened = this.#opened;
    this.#opened = undefined;
    await this.#within(opened?.close());
    await this.#embedded?.close();
  }

  async #within(step: Promise<void> | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#options.log.warn({}, 'the database hangs: it is left without a goodbye');
      resolve();
    }, CLOSE_MS);
    try {
      await Promise.race([step, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tries until the database is there; what cannot heal by itself is thrown. */
  async #openUntilDone(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        // Loaded only now: ports must not wait for all this code.
        const { openControl } = await import('./open-control.ts');
        const parts = { ring: this.#ring, metrics: this.metrics, signal };
        const opened = await openControl(await this.#databaseUrl(), this.#options, parts);
        if (signal.aborted) return await opened.close();
        this.#opened = opened;
        this.#opened.services.watching.onRevoked((...revoked) => {
          for (const listener of this.#revocations) listener(...revoked);
        });
        log.info({}, 'control plane ready');
        return;
      } catch (error) {
        this.#trouble = 'the database does not answer';
        if (error instanceof Error && LASTING.has(error.name)) throw error;
        log.warn({ error }, 'the control plane cannot open yet');
      }
      await pause(RETRY_MS, signal);
    }
  }

  async #databaseUrl(): Promise<string> {
    const { database, log } = this.#options;
    if ('url' in database) return database.url;
    const { EmbeddedPostgres } = await import('../db/embedded/embedded-postgres.ts');
    this.#embedded ??= await EmbeddedPostgres.start({ directory: database.directory, log });
    return this.#embedded.url;
  }

  async #checks(): Promise<Record<string, Check>> {
    const opened = this.#opened;
    if (opened === undefined) return { media: { ok: true }, database: { ok: false, message: this.#trouble } };
    const ok = await opened.database.check();
    return { media: { ok: true }, database: ok ? { ok } : { ok, message: 'the database does not answer' } };
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
