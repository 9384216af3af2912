import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Config } from './config/config.ts';
import { ClientAddresses } from './http/address.ts';
import { apiRoutes } from './http/api-routes.ts';
import { selfSignedIdentity } from './http/self-signed.ts';
import { HttpServer, type HttpsOptions } from './http/server.ts';
import { StaticFiles } from './http/static-files.ts';
import { loadTlsIdentity } from './http/tls-identity.ts';
import { RtmpServer } from './ingest/rtmp/server.ts';
import { anyOf } from './keys/any-of.ts';
import { KeyFile } from './keys/key-file.ts';
import { MemoryKey } from './keys/memory-key.ts';
import { Origin } from './origin/origin.ts';
import type { ViewerAuthorizer } from './packager/presentation.ts';
import { Spool } from './packager/spool.ts';
import { LadderEncoder, type LadderServices } from './pipeline/ladder-encoder.ts';
import { LiveSessions } from './pipeline/live-sessions.ts';
import type { SourceEncoderFactory } from './pipeline/source-encoder.ts';
import { ChildProcesses } from './platform/child-process.ts';
import { systemClock } from './platform/clock.ts';
import { Lifecycle } from './platform/lifecycle.ts';
import type { Logger } from './platform/logger.ts';
import { defaultCardOptions } from './test-card/card-options.ts';
import { TestCardPublisher } from './test-card/test-card-publisher.ts';
import { TranscodeBudget } from './transcode/budget.ts';
import { Ffmpeg } from './transcode/ffmpeg/installation.ts';

/** The web app as Vite builds it. */
const WEB_ROOT = join(import.meta.dirname, '../../../apps/web/dist');
/** Stream of the built-in test card. */
const DEMO_STREAM = 'demo';

/** A server that listens. */
export interface RunningServer {
  readonly httpPort: number;
  readonly httpsPort: number | undefined;
  readonly rtmpPort: number;
  /** Ends every stream, then every connection; idempotent. */
  close(): Promise<void>;
}

/** Everybody may watch: the control plane will ask more. */
const everybodyMayWatch: ViewerAuthorizer = { authorize: () => 'public' };

/** Builds the server of its parts and opens its ports. Throws what listening throws, such as EADDRINUSE. */
export async function serve(config: Config, log: Logger): Promise<RunningServer> {
  const lifecycle = new Lifecycle(log);
  const clock = systemClock;
  const keys = lifecycle.own(
    'keys',
    await KeyFile.open({ directory: config.dataDir, masterKey: config.masterKey, log }),
  );
  const demoKey = config.demo ? new MemoryKey(DEMO_STREAM) : undefined;
  const sessions = lifecycle.own(
    'streams',
    new LiveSessions({
      options: config.pipeline,
      clock,
      log,
      spool: new Spool(join(config.dataDir, 'spool'), log),
      encoderFor: ladderFactory(config, log, lifecycle),
    }),
  );
  keys.onRevoked((keyId) => sessions.revoke(keyId));
  keys.watch();

  const tls = await httpsOptions(config);
  const http = await openHttp(config, log, sessions, tls);
  const ports = await http.listen();
  const rtmp = new RtmpServer({
    authorizer: demoKey === undefined ? keys : anyOf(demoKey, keys),
    target: sessions,
    clock,
    log,
    limits: config.rtmp.limits,
  });
  const rtmpPort = await rtmp.listen({ port: config.rtmp.port, host: config.rtmp.host });
  if (tls !== undefined) {
    rtmp.setTls(tls.identity);
    await rtmp.listenTls({ port: config.rtmp.tlsPort, host: config.rtmp.host });
  }
  lifecycle.own('http', http);
  // Publishers go first, while the playlists that hold their last parts can still be fetched.
  lifecycle.own('rtmp', rtmp);
  log.info({ ...ports, rtmpPort }, 'listening');
  if (demoKey !== undefined) lifecycle.own('test card', startTestCard(config, rtmpPort, demoKey, log));
  return {
    httpPort: ports.httpPort,
    httpsPort: ports.httpsPort,
    rtmpPort,
    close: () => lifecycle.close(),
  };
}

async function openHttp(
  config: Config,
  log: Logger,
  sessions: LiveSessions,
  tls: HttpsOptions | undefined,
): Promise<HttpServer> {
  const addresses = new ClientAddresses(config.http.trustedProxies);
  const origin = new Origin({
    directory: sessions,
    authorizer: everybodyMayWatch,
    clock: systemClock,
    log,
    limits: config.origin.limits,
    clientAddress: ({ headers, socket }) =>
      addresses.of({ headers: { 'x-forwarded-for': headers['x-forwarded-for'] }, socket }),
  });
  const api = apiRoutes({ clock: systemClock, liveStreams: () => sessions.list() });
  const pages = existsSync(WEB_ROOT) ? [await StaticFiles.load(WEB_ROOT)] : [];
  return new HttpServer({
    host: config.http.host,
    httpPort: config.http.port,
    ...(tls === undefined ? {} : { https: tls }),
    handlers: [origin, api, ...pages],
    log,
    limits: config.http.limits,
    addresses,
  });
}

async function httpsOptions(config: Config): Promise<HttpsOptions | undefined> {
  const { tls, http, dataDir } = config;
  if (tls === undefined) return undefined;
  if (tls.source === 'self-signed') {
    return { port: http.tlsPort, identity: await selfSignedIdentity(dataDir, systemClock.now()) };
  }
  const files = { certFile: tls.certPath, keyFile: tls.keyPath };
  return { port: http.tlsPort, identity: loadTlsIdentity(files), files };
}

/** Makes the ladder of each source; undefined where the configuration wants none. */
function ladderFactory(config: Config, log: Logger, lifecycle: Lifecycle): SourceEncoderFactory | undefined {
  const { ladder, encoder, ffmpegPath, cpuBudgetCores } = config.transcode;
  if (ladder.length === 0) return undefined;
  const cores = availableParallelism();
  const services: LadderServices = {
    ffmpeg: new Ffmpeg({ path: ffmpegPath, ...(encoder === 'auto' ? {} : { encoder }) }, log),
    children: lifecycle.own('encoders', new ChildProcesses({ maxChildren: config.transcode.maxProcesses })),
    budget: new TranscodeBudget({ cores: cpuBudgetCores === 'auto' ? cores : cpuBudgetCores }),
    cores,
    clock: systemClock,
    steps: ladder,
  };
  // Looked for in the background, so that neither the start nor the first publisher waits for it.
  services.ffmpeg
    .installation()
    .catch((error: unknown) => log.warn({ error }, 'no FFmpeg: viewers get the source only'));
  return (options) => new LadderEncoder(options, services);
}

/** The test card publishes through our own port, like any encoder. */
function startTestCard(config: Config, port: number, key: MemoryKey, log: Logger): TestCardPublisher {
  const { host } = config.rtmp;
  const target = {
    host: isWildcard(host) ? 'localhost' : host,
    port,
    tls: false,
    app: 'live',
    streamKey: key.streamKey,
  };
  const card = new TestCardPublisher(
    target,
    { ...defaultCardOptions, ffmpegPath: config.transcode.ffmpegPath },
    log,
  );
  card.start();
  return card;
}

/** True for an address that means all of them, which one can listen on and not connect to. */
function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}
