import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { metricsRoutes } from './api/health-routes.ts';
import type { ControlPlane } from './assembly/control-plane.ts';
import { controlPlaneOf } from './assembly/control-plane-of.ts';
import type { Config, RtcConfig } from './config/config.ts';
import { WhepEndpoint } from './egress/whep/whep-endpoint.ts';
import { ClientAddresses } from './http/address.ts';
import { apiRoutes } from './http/api-routes.ts';
import type { HttpRequest } from './http/http-request.ts';
import { iceRoutes } from './http/ice-routes.ts';
import type { RequestHandler } from './http/router.ts';
import { selfSignedIdentity } from './http/self-signed.ts';
import { HttpServer, type HttpsOptions } from './http/server.ts';
import { StaticFiles } from './http/static-files.ts';
import { loadTlsIdentity, watchTlsFiles } from './http/tls-identity.ts';
import { KeyFailures } from './ingest/key-failures.ts';
import { DEFAULT_NETWORK_TEST_LIMITS, networkTestRoutes } from './ingest/network-test/network-test-routes.ts';
import { PublisherDoor } from './ingest/publisher-door.ts';
import { RtmpServer } from './ingest/rtmp/server.ts';
import { streamRoutes } from './ingest/stream-routes.ts';
import { IceServers } from './ingest/whip/ice-servers.ts';
import { WhipEndpoint } from './ingest/whip/whip-endpoint.ts';
import { anyOf } from './keys/any-of.ts';
import { KeyFile } from './keys/key-file.ts';
import { readMasterKey } from './keys/master-key.ts';
import { MemoryKey } from './keys/memory-key.ts';
import { Origin } from './origin/origin.ts';
import type { ViewerAuthorizer } from './packager/presentation.ts';
import { Spool } from './packager/spool.ts';
import { canPackage } from './packager/video-packager.ts';
import { LadderEncoder, type LadderServices } from './pipeline/ladder-encoder.ts';
import { LiveSessions } from './pipeline/live-sessions.ts';
import { type CountViewers, MediaPort } from './pipeline/media-port.ts';
import type { SourceEncoderFactory } from './pipeline/source-encoder.ts';
import { WebRtcFeeds } from './pipeline/webrtc-feed.ts';
import { ChildProcesses } from './platform/child-process.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { Lifecycle } from './platform/lifecycle.ts';
import type { Logger } from './platform/logger.ts';
import { REALTIME_PATH } from './realtime/realtime-server.ts';
import { DEFAULT_RTC_LIMITS } from './rtc-worker/rtc-limits.ts';
import { RtcWorker } from './rtc-worker/rtc-worker.ts';
import type { PublishAuthorizer } from './stream/publisher.ts';
import { defaultCardOptions } from './test-card/card-options.ts';
import { TestCardPublisher } from './test-card/test-card-publisher.ts';
import type { AudioEncoderServices } from './transcode/audio/audio-encoder.ts';
import { TranscodeBudget } from './transcode/budget.ts';
import { Ffmpeg } from './transcode/ffmpeg/installation.ts';

/** The web app as Vite builds it. */
const WEB_ROOT = join(import.meta.dirname, '../../../apps/web/dist');
/** Stream of the built-in test card. */
const DEMO_STREAM = 'demo';
/** As the API tells it. */
const VERSION = '0.1.0';

/** A server that listens. */
export interface RunningServer {
  readonly httpPort: number;
  readonly httpsPort: number | undefined;
  readonly rtmpPort: number;
  /** UDP port of WebRTC; undefined when it is off. */
  readonly rtcPort: number | undefined;
  /** Absent where `ROLE` is `media`. */
  readonly control: Pick<ControlPlane, 'open' | 'setupToken'> | undefined;
  /** Ends every stream, then every connection; idempotent. */
  close(): Promise<void>;
}

/** What the parts of one server share. */
interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly encoding: AudioEncoderServices;
  readonly sessions: LiveSessions;
  readonly control: ControlPlane | undefined;
  /** Who watches by which protocol: filled in when the web server is built. */
  readonly viewers: { hls: CountViewers; whep: CountViewers };
  readonly authorizer: PublishAuthorizer;
  readonly viewerAuthorizer: ViewerAuthorizer;
  /** Shared by all protocols: a guesser must not find a second door. */
  readonly keyFailures: KeyFailures;
  /** The client's address as limits count it. */
  readonly clientAddress: (request: Pick<HttpRequest, 'headers' | 'socket'>) => string;
}

/** Without a control plane everybody may watch. */
const everybodyMayWatch: ViewerAuthorizer = { authorize: () => 'public' };

/** Builds the server of its parts and opens its ports. Throws what listening throws, such as EADDRINUSE. */
export async function serve(config: Config, log: Logger): Promise<RunningServer> {
  const lifecycle = new Lifecycle(log);
  try {
    return await open(config, log, lifecycle);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function open(config: Config, log: Logger, lifecycle: Lifecycle): Promise<RunningServer> {
  const clock = systemClock;
  const keys = lifecycle.own(
    'keys',
    await KeyFile.open({ directory: config.dataDir, masterKey: config.masterKey, log }),
  );
  const demoKey = config.demo ? new MemoryKey(DEMO_STREAM) : undefined;
  const encoding = encodingOf(config, log, lifecycle);
  const sessions = lifecycle.own(
    'streams',
    new LiveSessions({
      options: config.pipeline,
      clock,
      log,
      spool: new Spool(join(config.dataDir, 'spool'), log),
      encoderFor: ladderFactory(config, encoding),
      audio: encoding,
    }),
  );
  keys.onRevoked((keyId) => sessions.revoke(keyId));
  keys.watch();
  const addresses = new ClientAddresses(config.http.trustedProxies);
  const clientAddress: Parts['clientAddress'] = ({ headers, socket }) =>
    addresses.of({ headers: { 'x-forwarded-for': headers['x-forwarded-for'] }, socket });
  const viewers: Parts['viewers'] = { hls: () => 0, whep: () => 0 };
  const control = await controlFor(config, { sessions, viewers, clock, log, lifecycle, clientAddress });
  const authorizers = [demoKey, keys, control?.publishAuthorizer].filter((each) => each !== undefined);
  const parts: Parts = {
    ...{ config, log, clock, lifecycle, encoding, sessions, control, viewers, clientAddress },
    authorizer: anyOf(authorizers),
    viewerAuthorizer: control?.viewerAuthorizer ?? everybodyMayWatch,
    keyFailures: new KeyFailures(config.rtmp.limits),
  };

  const tls = await httpsOptions(config);
  const worker = config.rtc === undefined ? undefined : await openRtcWorker(config.rtc, parts);
  const http = await openHttp(parts, worker, addresses, tls);
  const ports = await http.listen();
  const rtmp = new RtmpServer({
    ...{ authorizer: parts.authorizer, target: sessions, clock, log },
    limits: config.rtmp.limits,
    keyFailures: parts.keyFailures,
  });
  lifecycle.own('http', http);
  // Publishers go first, while the playlists that hold their last parts can still be fetched.
  lifecycle.own('rtmp', rtmp);
  const rtmpPort = await rtmp.listen({ port: config.rtmp.port, host: config.rtmp.host });
  if (tls !== undefined) await listenRtmps(rtmp, tls, parts);
  log.info({ ...ports, rtmpPort, rtcPort: worker?.port }, 'listening');
  await listenForMetrics(parts);
  // Whoever started the server asks again, and hears when it never will open.
  control?.open().catch(() => undefined);
  if (demoKey !== undefined) lifecycle.own('test card', startTestCard(config, rtmpPort, demoKey, log));
  return {
    httpPort: ports.httpPort,
    httpsPort: ports.httpsPort,
    rtmpPort,
    rtcPort: worker?.port,
    control,
    close: () => lifecycle.close(),
  };
}

async function openHttp(
  parts: Parts,
  worker: RtcWorker | undefined,
  addresses: ClientAddresses,
  tls: HttpsOptions | undefined,
): Promise<HttpServer> {
  const { config, log, clock, sessions, clientAddress, control } = parts;
  const origin = new Origin({
    directory: sessions,
    authorizer: parts.viewerAuthorizer,
    clock,
    log,
    limits: config.origin.limits,
    clientAddress,
  });
  parts.viewers.hls = (streamId) => origin.viewers(streamId);
  const listed = (streamId: string): boolean => control?.isListed(streamId) ?? true;
  const api = apiRoutes({
    clock,
    liveStreams: () => sessions.list().filter(({ streamId }) => listed(streamId)),
  });
  const pages = existsSync(WEB_ROOT) ? [await StaticFiles.load(WEB_ROOT)] : [];
  const http = new HttpServer({
    host: config.http.host,
    httpPort: config.http.port,
    ...(tls === undefined ? {} : { https: tls }),
    handlers: [
      origin,
      api,
      ...publishingHandlers(parts, worker, origin),
      ...controlHandlers(parts),
      ...pages,
    ],
    log,
    limits: config.http.limits,
    addresses,
  });
  if (control !== undefined)
    http.onUpgrade(REALTIME_PATH, (request, socket, head) => control.handleUpgrade(request, socket, head));
  return http;
}

/** Accounts, streams, chat and the rest, to be opened beside media; undefined where `ROLE` is `media`. */
async function controlFor(
  config: Config,
  parts: Pick<Parts, 'sessions' | 'viewers' | 'clock' | 'log' | 'lifecycle' | 'clientAddress'>,
): Promise<ControlPlane | undefined> {
  const { control, http, rtmp, dataDir, masterKey, pipeline } = config;
  if (control === undefined) return undefined;
  const { sessions, viewers, ...shared } = parts;
  return controlPlaneOf({
    ...shared,
    ...{ control, dataDir, version: VERSION },
    masterKey: await readMasterKey({ directory: dataDir, masterKey }),
    publicUrl: http.publicUrl ?? `http://localhost:${http.port}`,
    rtmpPort: rtmp.port,
    reconnectWindowMs: pipeline.reconnectWindowMs,
    live: new MediaPort({
      sessions,
      viewers: { hls: (streamId) => viewers.hls(streamId), whep: (streamId) => viewers.whep(streamId) },
    }),
  });
}

/** Prometheus' own door, for this machine only. */
async function listenForMetrics({ config, control, lifecycle, log }: Parts): Promise<void> {
  const port = config.control?.metrics.port ?? 0;
  if (control === undefined || port === 0) return;
  const handlers = [metricsRoutes(control.metrics, undefined, log)];
  const door = lifecycle.own('metrics', new HttpServer({ host: '127.0.0.1', httpPort: port, handlers, log }));
  await door.listen();
}

function controlHandlers({ config, control, log }: Parts): readonly RequestHandler[] {
  if (control === undefined) return [];
  const token = config.control?.metrics.token;
  const figures = token === undefined ? [] : [metricsRoutes(control.metrics, token, log)];
  return [...figures, ...control.handlers];
}

/** What answers publishers and WebRTC viewers over HTTP. */
function publishingHandlers(parts: Parts, worker: RtcWorker | undefined, origin: Origin): RequestHandler[] {
  const { config, log, clock, sessions, clientAddress, encoding, lifecycle } = parts;
  const { authorizer, keyFailures } = parts;
  const door = new PublisherDoor({ authorizer, keyFailures, clock });
  const iceServers = new IceServers({
    stunUrls: config.rtc?.stunUrls ?? [],
    ...(config.rtc?.turn === undefined ? {} : { turn: config.rtc.turn }),
    clock,
  });
  const webrtc: RequestHandler[] = [];
  if (worker !== undefined && config.rtc !== undefined) {
    const { rtc } = config;
    const feeds = lifecycle.own(
      'webrtc feeds',
      new WebRtcFeeds({ gateway: worker, sessions, audio: encoding, clock, log }),
    );
    const { maxOfferBytes } = rtc;
    const whip = new WhipEndpoint({
      ...{ gateway: worker, target: sessions, door, iceServers, clock, log, clientAddress },
      limits: {
        maxOfferBytes,
        maxSessionsPerAddress: rtc.whipSessionsPerAddress,
        maxBitrateBps: config.rtmp.limits.maxBitrateBps,
      },
    });
    const whep = new WhepEndpoint({
      ...{
        gateway: worker,
        source: feeds,
        authorizer: parts.viewerAuthorizer,
        iceServers,
        log,
        clientAddress,
      },
      limits: {
        maxOfferBytes,
        maxViewers: rtc.maxWhepViewers,
        maxViewersPerAddress: rtc.whepViewersPerAddress,
      },
    });
    parts.viewers.whep = (streamId) => whep.viewers(streamId);
    const networkTest = networkTestRoutes({
      facts: () => ({
        udpPort: worker.port,
        addresses: worker.addresses,
        stunConfigured: rtc.stunUrls.length > 0,
        turnConfigured: rtc.turn !== undefined,
      }),
      ...{ gateway: worker, iceServers, clock, log, clientAddress },
      limits: { maxOfferBytes },
    });
    webrtc.push(whip, whep, networkTest);
  }
  const streams = streamRoutes({
    peopleEndStreams: parts.control !== undefined,
    status: (streamId) => sessions.status(streamId),
    viewers: (streamId) => ({ whep: parts.viewers.whep(streamId), hls: origin.viewers(streamId) }),
    mayWatch: async (asked) => {
      const decision = await parts.viewerAuthorizer.authorize(asked);
      return decision === 'public' || decision === 'private';
    },
    endStream: (streamId) => sessions.endStream(streamId),
    reconnectWindowMs: config.pipeline.reconnectWindowMs,
    ...{ door, log, clientAddress },
  });
  return [...webrtc, iceRoutes(iceServers), streams];
}

/** Starts the WebRTC child. Throws with the way out when its UDP port is taken or its library does not load. */
async function openRtcWorker(rtc: RtcConfig, { config, lifecycle, clock, log }: Parts): Promise<RtcWorker> {
  const worker = new RtcWorker({
    ...{ clock, log },
    children: lifecycle.own('webrtc process', new ChildProcesses({ maxChildren: 1 })),
    port: rtc.port,
    advertisedAddresses: rtc.publicAddresses,
    limits: {
      // So that neither refuses what the other's setting allows.
      maxSessions:
        rtc.maxWhepViewers + DEFAULT_NETWORK_TEST_LIMITS.maxProbes + DEFAULT_RTC_LIMITS.publisherPlaces,
      maxBitrateBps: config.rtmp.limits.maxBitrateBps,
      iceTimeoutMs: rtc.iceTimeoutMs,
      dtlsTimeoutMs: rtc.dtlsTimeoutMs,
      silenceTimeoutMs: rtc.silenceMs,
    },
  });
  lifecycle.own('webrtc', worker);
  try {
    await worker.start();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`WebRTC cannot start: ${why}. Set RTC_PORT to a free UDP port, or start with --no-rtc`, {
      cause: error,
    });
  }
  return worker;
}

async function listenRtmps(rtmp: RtmpServer, tls: HttpsOptions, parts: Parts): Promise<void> {
  const { config, lifecycle, log } = parts;
  rtmp.setTls(tls.identity);
  await rtmp.listenTls({ port: config.rtmp.tlsPort, host: config.rtmp.host });
  if (tls.files === undefined) return;
  const stop = watchTlsFiles(tls.files, 5000, log, (identity) => rtmp.setTls(identity));
  lifecycle.own('rtmps certificate', { close: stop });
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

/** FFmpeg and its processes, for pictures and for sound. */
function encodingOf(
  config: Config,
  log: Logger,
  lifecycle: Lifecycle,
): AudioEncoderServices & { ffmpeg: Ffmpeg } {
  const { encoder, ffmpegPath, maxProcesses } = config.transcode;
  const ffmpeg = new Ffmpeg({ path: ffmpegPath, ...(encoder === 'auto' ? {} : { encoder }) }, log);
  const children = lifecycle.own('encoders', new ChildProcesses({ maxChildren: maxProcesses }));
  // Looked for in the background, so that neither the start nor the first publisher waits for it.
  ffmpeg
    .installation()
    .catch((error: unknown) => log.warn({ error }, 'no FFmpeg: viewers get the source only'));
  return { ffmpeg, children, clock: systemClock };
}

/** Makes the ladder of each source; undefined where the configuration wants none and the source can be served as it is. */
function ladderFactory(
  config: Config,
  { ffmpeg, children, clock }: AudioEncoderServices & { ffmpeg: Ffmpeg },
): SourceEncoderFactory {
  const { ladder, cpuBudgetCores } = config.transcode;
  const cores = availableParallelism();
  const services: LadderServices = {
    ...{ ffmpeg, children, clock, cores },
    budget: new TranscodeBudget({ cores: cpuBudgetCores === 'auto' ? cores : cpuBudgetCores }),
    steps: ladder,
  };
  return (options) =>
    ladder.length === 0 && canPackage(options.source.codec)
      ? undefined
      : new LadderEncoder(options, services);
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
