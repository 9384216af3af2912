import { Api } from '../api/api.ts';
import { DEFAULT_API_LIMITS } from '../api/api-limits.ts';
import { FetchHandler } from '../api/fetch-handler.ts';
import type { Figure, Metrics } from '../api/metrics.ts';
import { OriginPolicy } from '../api/origin-policy.ts';
import { addReferenceRoutes } from '../api/reference-routes.ts';
import type { KeyRing } from '../control/keys/key-ring.ts';
import { Database } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { RealtimeServer } from '../realtime/realtime-server.ts';
import { controlFigures } from './control-figures.ts';
import { startControlJobs } from './control-jobs.ts';
import type { ControlPlaneOptions } from './control-plane.ts';
import { addControlRoutes } from './control-routes.ts';
import { type ControlServices, openControlServices } from './control-services.ts';
import { warningOfProxies } from './forwarded-warning.ts';

/** A control plane that can answer. */
export interface OpenControl {
  readonly database: Database;
  readonly services: ControlServices;
  readonly api: Api;
  /** Signing in, below `/api/auth/`. */
  readonly auth: FetchHandler;
  readonly realtime: RealtimeServer;
  /** What Prometheus reads. */
  figures(): readonly Figure[];
  /** Ends sockets, then services, then connections to the database. */
  close(): Promise<void>;
}

/** Migrates the database and opens everything on it. Rejects, with nothing left open, when something cannot begin, or the signal says stop. */
export async function openControl(
  url: string,
  options: ControlPlaneOptions,
  parts: { readonly ring: KeyRing; readonly metrics: Metrics; readonly signal: AbortSignal },
): Promise<OpenControl> {
  await migrate(url, undefined, parts.signal);
  const { maxConnections, timeoutMs } = options.database;
  const database = new Database({
    ...{ url, log: options.log },
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  let services: ControlServices | undefined;
  try {
    services = await openControlServices({ ...options, database, ring: parts.ring });
    const clientAddress = warningOfProxies(options.clientAddress, options.log);
    const opened = await doorsOf(services, database, { ...options, clientAddress }, parts.metrics);
    const { clock, log, retention } = options;
    const jobs = startControlJobs(url, services, { database, clock, log, retention });
    const close = async (): Promise<void> => {
      await jobs.close();
      await opened.close();
    };
    return { ...opened, close };
  } catch (error) {
    await services?.close();
    await database.close();
    throw error;
  }
}

async function doorsOf(
  services: ControlServices,
  database: Database,
  options: ControlPlaneOptions,
  metrics: Metrics,
): Promise<OpenControl> {
  const { log, clock, clientAddress, corsOrigins, urls, limits } = options;
  const { accounts } = services;
  const origins = new OriginPolicy([new URL(urls.publicUrl).origin, ...corsOrigins]);
  const api = new Api({
    ...{ actors: accounts.resolver, clientAddress, clock, log, answers: services.answers, origins },
    ...(limits.api === undefined ? {} : { limits: limits.api }),
    strictAnswers: options.strictAnswers ?? false,
    onAnswered: (answered) => metrics.answered(answered),
  });
  addControlRoutes(api, services, { database, clock });
  addReferenceRoutes(api, options.version);
  await api.open();
  const { maxAuthBodyBytes, bodyTimeoutMs } = { ...DEFAULT_API_LIMITS, ...limits.api };
  const auth = new FetchHandler({
    prefix: '/api/auth/',
    answer: accounts.authHandler,
    maxBodyBytes: maxAuthBodyBytes,
    ...{ bodyTimeoutMs, clientAddress, log },
  });
  const realtime = realtimeOf(services, origins, options);
  const close = async (): Promise<void> => {
    await realtime.close();
    await services.close();
    await database.close();
  };
  const figures = (): readonly Figure[] => controlFigures({ database, services, realtime }, options.live);
  return { database, services, api, auth, realtime, figures, close };
}

function realtimeOf(
  services: ControlServices,
  origins: OriginPolicy,
  { clientAddress, clock, log, limits }: ControlPlaneOptions,
): RealtimeServer {
  const { events, accounts, chat, curation, viewers, reactions, questions } = services;
  return new RealtimeServer({
    ...{ events, actors: accounts.resolver, origins, clock, log, presence: viewers, reactions, questions },
    addressOf: clientAddress,
    access: { rightsOn: (actor, streamId) => chat.roomRights(actor, streamId) },
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
