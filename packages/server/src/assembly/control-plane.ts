import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StreamNotFoundError } from '@tallylight/protocol/errors.ts';
import { Api } from '../api/api.ts';
import { DEFAULT_API_LIMITS } from '../api/api-limits.ts';
import { FetchHandler } from '../api/fetch-handler.ts';
import { type Check, readinessRoutes } from '../api/health-routes.ts';
import { Metrics } from '../api/metrics.ts';
import { OriginPolicy } from '../api/origin-policy.ts';
import { addReferenceRoutes } from '../api/reference-routes.ts';
import { KeyRing, type MasterKey } from '../control/keys/key-ring.ts';
import { Database } from '../db/database.ts';
import { EmbeddedPostgres } from '../db/embedded/embedded-postgres.ts';
import { EmbeddedPostgresError } from '../db/embedded/embedded-postgres-error.ts';
import { MigrationError, migrate } from '../db/migrate.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { RequestHandler } from '../http/router.ts';
import type { ViewerAuthorizer } from '../packager/presentation.ts';
import { RealtimeServer } from '../realtime/realtime-server.ts';
import type { PublishAuthorizer } from '../stream/publisher.ts';
import { addControlRoutes } from './control-routes.ts';
import {
  type ControlServices,
  type ControlServicesOptions,
  openControlServices,
} from './control-services.ts';
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
  /** See `ApiOptions.strictAnswers`. */
  readonly strictAnswers?: boolean;
}

/** How long to wait before the database is tried again, in milliseconds. */
const RETRY_MS = 1000;
/** The other times of a database that is open, too. */
const STARTING = 'the server is starting: try again in a moment';

/** A control plane that can answer. */
interface Opened {
  readonly database: Database;
  readonly services: ControlServices;
  readonly api: Api;
  readonly auth: FetchHandler;
  readonly realtime: RealtimeServer;
  close(): Promise<void>;
}

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
  readonly #opening: Promise<void>;
  #embedded: EmbeddedPostgres | undefined;
  #opened: Opened | undefined;
  #trouble = STARTING;

  private constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#ring = new KeyRing(options.masterKeys);
    const { clock, log } = options;
    const gate = new StartingGate(() => (this.#opened === undefined ? this.#trouble : undefined));
    const later = (pick: (opened: Opened) => RequestHandler): RequestHandler => ({
      handle: (request, response) =>
        this.#opened !== undefined && pick(this.#opened).handle(request, response),
    });
    this.handlers = [
      readinessRoutes({ checks: () => this.#checks(), clock, log }),
      gate,
      later(({ auth }) => auth),
      later(({ api }) => api),
    ];
    this.#opening = this.#openUntilDone();
  }

  /** Begins to open. */
  static start(options: ControlPlaneOptions): ControlPlane {
    return new ControlPlane(options);
  }

  /** Resolves once it answers. Rejects with `EmbeddedPostgresError` or `MigrationError` when it never will as things are. */
  get ready(): Promise<void> {
    return this.#opening;
  }

  /** The token that makes the first administrator; undefined when there is one, or nothing is known yet. */
  setupToken(): string | undefined {
    return this.#opened?.services.accounts.setupToken();
  }

  /** False: lists of live streams must not name it to everybody. */
  isListed(streamId: string): boolean {
    return this.#opened?.services.watching.isListed(streamId) ?? true;
  }

  /** Takes a WebSocket. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#opened === undefined) {
      socket.end(
        'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      );
      return;
    }
    this.#opened.realtime.handleUpgrade(request, socket, head);
  }

  /** Ends sockets and services, then the database; idempotent. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#opening.catch(() => undefined);
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.close();
    await this.#embedded?.close();
  }

  /** Tries until the database is there; what cannot heal by itself is thrown. */
  async #openUntilDone(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#opened = await this.#open();
        this.#opened.services.watching.onRevoked((...revoked) => {
          for (const listener of this.#revocations) listener(...revoked);
        });
        log.info({}, 'control plane ready');
        return;
      } catch (error) {
        this.#trouble = 'the database does not answer';
        if (error instanceof EmbeddedPostgresError || error instanceof MigrationError) throw error;
        log.warn({ error }, 'the control plane cannot open yet');
      }
      await pause(RETRY_MS, signal);
    }
  }

  async #open(): Promise<Opened> {
    const { log, clock, clientAddress, corsOrigins, urls, limits } = this.#options;
    const url = await this.#databaseUrl();
    await migrate(url);
    const { maxConnections, timeoutMs } = this.#options.database;
    const database = new Database({
      ...{ url, log },
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    let services: ControlServices | undefined;
    try {
      services = await openControlServices({ ...this.#options, database, ring: this.#ring });
      const { accounts } = services;
      const origins = new OriginPolicy([new URL(urls.publicUrl).origin, ...corsOrigins]);
      const api = new Api({
        ...{ actors: accounts.resolver, clientAddress, clock, log, answers: services.answers, origins },
        ...(limits.api === undefined ? {} : { limits: limits.api }),
        strictAnswers: this.#options.strictAnswers ?? false,
        onAnswered: (answered) => this.metrics.answered(answered),
      });
      addControlRoutes(api, services, { database, clock });
      addReferenceRoutes(api, this.#options.version);
      await api.open();
      const apiLimits = { ...DEFAULT_API_LIMITS, ...limits.api };
      const auth = new FetchHandler({
        prefix: '/api/auth/',
        answer: accounts.authHandler,
        maxBodyBytes: apiLimits.maxAuthBodyBytes,
        bodyTimeoutMs: apiLimits.bodyTimeoutMs,
        ...{ clientAddress, log },
      });
      const realtime = realtimeOf(services, origins, this.#options);
      const made = services;
      const close = async (): Promise<void> => {
        await realtime.close();
        await made.close();
        await database.close();
      };
      return { database, services, api, auth, realtime, close };
    } catch (error) {
      await services?.close();
      await database.close();
      throw error;
    }
  }

  async #databaseUrl(): Promise<string> {
    const { database, log } = this.#options;
    if ('url' in database) return database.url;
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

function realtimeOf(
  services: ControlServices,
  origins: OriginPolicy,
  { clientAddress, clock, log, limits }: ControlPlaneOptions,
): RealtimeServer {
  const { events, accounts, access, chat, curation, viewers, reactions, questions } = services;
  return new RealtimeServer({
    ...{ events, actors: accounts.resolver, origins, clock, log, presence: viewers, reactions, questions },
    addressOf: clientAddress,
    access: {
      rightsOn: async (actor, streamId) => {
        try {
          const row = await access.load(actor, streamId);
          return { channelId: row.channel_id, moderates: row.moderates };
        } catch (error) {
          if (error instanceof StreamNotFoundError) return undefined;
          throw error;
        }
      },
    },
    chat: {
      send: (actor, message) => chat.send(actor, message),
      since: (actor, request) => chat.history(actor, request.streamId, request),
      delete: (actor, streamId, messageId) => curation.delete(actor, streamId, messageId),
      pin: (actor, streamId, messageId) => curation.pin(actor, streamId, messageId),
      unpin: (actor, streamId, messageId) => curation.unpin(actor, streamId, messageId),
    },
    ...(limits.realtime === undefined ? {} : { limits: limits.realtime }),
  });
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
