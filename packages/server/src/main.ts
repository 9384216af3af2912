import { join } from 'node:path';
import type { ControlPlane } from './assembly/control-plane.ts';
import { controlPlaneOf } from './assembly/control-plane-of.ts';
import { DEMO_STREAM, startTestCard } from './assembly/demo-card.ts';
import { encodingOf, ladderFactory } from './assembly/encoding.ts';
import { listenForMetrics } from './assembly/metrics-door.ts';
import { openRtcWorker } from './assembly/rtc-worker.ts';
import { everybodyMayWatch, type ServerParts } from './assembly/server-parts.ts';
import { httpsOptions, listenRtmps } from './assembly/tls.ts';
import { webServer } from './assembly/web-server.ts';
import type { Config } from './config/config.ts';
import { ClientAddresses } from './http/address.ts';
import { KeyFailures } from './ingest/key-failures.ts';
import { RtmpServer } from './ingest/rtmp/server.ts';
import { anyOf } from './keys/any-of.ts';
import { KeyFile } from './keys/key-file.ts';
import { readMasterKey } from './keys/master-key.ts';
import { MemoryKey } from './keys/memory-key.ts';
import { Spool } from './packager/spool.ts';
import { LiveSessions } from './pipeline/live-sessions.ts';
import { MediaPort } from './pipeline/media-port.ts';
import { systemClock } from './platform/clock.ts';
import { Lifecycle } from './platform/lifecycle.ts';
import type { Logger } from './platform/logger.ts';

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
  readonly control: Pick<ControlPlane, 'open' | 'setupToken' | 'isHosted'> | undefined;
  /** Ends every stream, then every connection; idempotent. */
  close(): Promise<void>;
}

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
  const clientAddress: ServerParts['clientAddress'] = ({ headers, socket }) =>
    addresses.of({ headers: { 'x-forwarded-for': headers['x-forwarded-for'] }, socket });
  const viewers: ServerParts['viewers'] = { hls: () => 0, whep: () => 0 };
  const control = await controlFor(config, { sessions, viewers, clock, log, lifecycle, clientAddress });
  const authorizers = [demoKey, keys, control?.publishAuthorizer].filter((each) => each !== undefined);
  const parts: ServerParts = {
    ...{ config, log, clock, lifecycle, encoding, sessions, control, viewers, clientAddress },
    authorizer: anyOf(authorizers),
    viewerAuthorizer: control?.viewerAuthorizer ?? everybodyMayWatch,
    keyFailures: new KeyFailures(config.rtmp.limits),
  };

  const tls = await httpsOptions(config);
  const worker = config.rtc === undefined ? undefined : await openRtcWorker(config.rtc, parts);
  const http = await webServer(parts, { worker, addresses, tls });
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

/** Accounts, streams, chat and the rest, to be opened beside media; undefined where `ROLE` is `media`. */
async function controlFor(
  config: Config,
  parts: Pick<ServerParts, 'sessions' | 'viewers' | 'clock' | 'log' | 'lifecycle' | 'clientAddress'>,
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
