import type { RtcConfig } from '../config/config.ts';
import { WhepEndpoint } from '../egress/whep/whep-endpoint.ts';
import type { RequestHandler } from '../http/router.ts';
import { networkTestRoutes } from '../ingest/network-test/network-test-routes.ts';
import type { PublisherDoor } from '../ingest/publisher-door.ts';
import type { IceServers } from '../ingest/whip/ice-servers.ts';
import { WhipEndpoint } from '../ingest/whip/whip-endpoint.ts';
import { WebRtcFeeds } from '../pipeline/webrtc-feed.ts';
import type { RtcWorker } from '../rtc-worker/rtc-worker.ts';
import type { ServerParts } from './server-parts.ts';

/** What WebRTC's requests are answered with. */
export interface WebRtcServices {
  readonly worker: RtcWorker;
  readonly rtc: RtcConfig;
  readonly door: PublisherDoor;
  readonly iceServers: IceServers;
}

/** WHIP, WHEP and the network test, over one WebRTC process. Tells `parts.viewers` how many watch by WHEP. */
export function webRtcHandlers(parts: ServerParts, services: WebRtcServices): RequestHandler[] {
  const { worker, rtc, iceServers } = services;
  const { clock, log, clientAddress } = parts;
  const whep = whepEndpoint(parts, services);
  parts.viewers.whep = (streamId) => whep.viewers(streamId);
  const networkTest = networkTestRoutes({
    facts: () => ({
      udpPort: worker.port,
      addresses: worker.addresses,
      stunConfigured: rtc.stunUrls.length > 0,
      turnConfigured: rtc.turn !== undefined,
    }),
    ...{ gateway: worker, iceServers, clock, log, clientAddress },
    limits: { maxOfferBytes: rtc.maxOfferBytes },
  });
  return [whipEndpoint(parts, services), whep, networkTest];
}

function whipEndpoint(parts: ServerParts, { worker, rtc, door, iceServers }: WebRtcServices): WhipEndpoint {
  const { config, sessions, clock, log, clientAddress } = parts;
  return new WhipEndpoint({
    ...{ gateway: worker, target: sessions, door, iceServers, clock, log, clientAddress },
    limits: {
      maxOfferBytes: rtc.maxOfferBytes,
      maxSessionsPerAddress: rtc.whipSessionsPerAddress,
      maxBitrateBps: config.rtmp.limits.maxBitrateBps,
    },
  });
}

function whepEndpoint(parts: ServerParts, { worker, rtc, iceServers }: WebRtcServices): WhepEndpoint {
  const { encoding, lifecycle, sessions, clock, log, clientAddress } = parts;
  const feeds = lifecycle.own(
    'webrtc feeds',
    new WebRtcFeeds({ gateway: worker, sessions, audio: encoding, clock, log }),
  );
  return new WhepEndpoint({
    ...{ gateway: worker, source: feeds, authorizer: parts.viewerAuthorizer, iceServers, log, clientAddress },
    limits: {
      maxOfferBytes: rtc.maxOfferBytes,
      maxViewers: rtc.maxWhepViewers,
      maxViewersPerAddress: rtc.whepViewersPerAddress,
      maxPostsPerMinute: rtc.whepPostsPerMinute,
    },
  });
}
