import type { RtcConfig } from '../config/config.ts';
import { DEFAULT_NETWORK_TEST_LIMITS } from '../ingest/network-test/network-test-routes.ts';
import { ChildProcesses } from '../platform/child-process.ts';
import { DEFAULT_RTC_LIMITS } from '../rtc-worker/rtc-limits.ts';
import { RtcWorker } from '../rtc-worker/rtc-worker.ts';
import type { ServerParts } from './server-parts.ts';

/** Starts the WebRTC child. Throws with the way out when its UDP port is taken or its library does not load. */
export async function openRtcWorker(
  rtc: RtcConfig,
  { config, lifecycle, clock, log }: Pick<ServerParts, 'config' | 'lifecycle' | 'clock' | 'log'>,
): Promise<RtcWorker> {
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
