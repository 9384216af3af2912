import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { metricsRoutes } from '../api/health-routes.ts';
import type { ClientAddresses } from '../http/address.ts';
import { apiRoutes } from '../http/api-routes.ts';
import { iceRoutes } from '../http/ice-routes.ts';
import type { RequestHandler } from '../http/router.ts';
import { HttpServer, type HttpsOptions } from '../http/server.ts';
import { StaticFiles } from '../http/static-files.ts';
import { PublisherDoor } from '../ingest/publisher-door.ts';
import { streamRoutes } from '../ingest/stream-routes.ts';
import { IceServers } from '../ingest/whip/ice-servers.ts';
import { Origin } from '../origin/origin.ts';
import { REALTIME_PATH } from '../realtime/realtime-server.ts';
import type { RtcWorker } from '../rtc-worker/rtc-worker.ts';
import type { ServerParts } from './server-parts.ts';
import { webRtcHandlers } from './webrtc-handlers.ts';

/** The web app as Vite builds it. */
const WEB_ROOT = join(import.meta.dirname, '../../../../apps/web/dist');

/** Everything that is answered over HTTP, in the order in which it is asked; it listens when it is told to. */
export async function webServer(
  parts: ServerParts,
  options: {
    /** Absent where WebRTC is off. */
    readonly worker: RtcWorker | undefined;
    readonly addresses: ClientAddresses;
    /** Absent where TLS is off. */
    readonly tls: HttpsOptions | undefined;
  },
): Promise<HttpServer> {
  const { config, log, clock, sessions, clientAddress, control } = parts;
  const { worker, addresses, tls } = options;
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
    handlers: [origin, api, ...publishingHandlers(parts, worker), ...controlHandlers(parts), ...pages],
    log,
    limits: config.http.limits,
    addresses,
  });
  if (control !== undefined)
    http.onUpgrade(REALTIME_PATH, (request, socket, head) => control.handleUpgrade(request, socket, head));
  return http;
}

function controlHandlers({ config, control, log }: ServerParts): readonly RequestHandler[] {
  if (control === undefined) return [];
  const token = config.control?.metrics.token;
  const figures = token === undefined ? [] : [metricsRoutes(control.metrics, token, log)];
  return [...figures, ...control.handlers];
}

/** What answers publishers and WebRTC viewers over HTTP. */
function publishingHandlers(parts: ServerParts, worker: RtcWorker | undefined): RequestHandler[] {
  const { config, log, clock, sessions, clientAddress, authorizer, keyFailures } = parts;
  const { rtc } = config;
  const door = new PublisherDoor({ authorizer, keyFailures, clock });
  const iceServers = new IceServers({
    stunUrls: rtc?.stunUrls ?? [],
    ...(rtc?.turn === undefined ? {} : { turn: rtc.turn }),
    clock,
  });
  const webrtc =
    worker === undefined || rtc === undefined ? [] : webRtcHandlers(parts, { worker, rtc, door, iceServers });
  const streams = streamRoutes({
    peopleEndStreams: parts.control !== undefined,
    status: (streamId) => sessions.status(streamId),
    viewers: (streamId) => ({ whep: parts.viewers.whep(streamId), hls: parts.viewers.hls(streamId) }),
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
