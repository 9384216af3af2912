import type { HlsConfig } from 'hls.js';
import { mayRetryInPlace } from './retry-policy.ts';
import type { SourceAddress } from './source-address.ts';

/** Seconds of media kept behind the playhead. A GOP lasts about 2 s, and the decoder may need the one it is in. */
const BACK_BUFFER_SEC = 8;
/** At the live edge there is never more to fetch than this; behind the edge it bounds memory. */
const MAX_BUFFER_SEC = 12;
/** Bandwidth assumed before the first measurement, in bit/s: a start in the middle of the usual ladder. */
const FIRST_ESTIMATE_BPS = 4_000_000;

/**
 * hls.js 1.7 set up so that our own latency controller decides.
 *
 * `maxLiveSyncPlaybackRate: 1` makes hls.js leave `playbackRate` alone: it would speed up only with more than 1 s buffered.
 * `testBandwidth: false`: the test downloads a whole segment that is never shown, some 2 s of a cold start.
 * `enableWorker: false`: for fMP4 the "transmuxing" is a walk over a few boxes, cheaper than the two hops; and the page's CSP needs no blob worker.
 */
export function liveHlsConfig(address: SourceAddress): Partial<HlsConfig> {
  const retryForLive = {
    maxNumRetry: 4,
    retryDelayMs: 250,
    maxRetryDelayMs: 2_000,
    backoff: 'exponential' as const,
    shouldRetry: mayRetryInPlace,
  };
  const retryTimeout = { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 };
  return {
    lowLatencyMode: true,
    xhrSetup: (request, url) => {
      const newest = address.newest(url);
      // hls.js opens the request itself unless it is open by now.
      if (newest !== url) {
        request.open('GET', newest, true);
      }
    },
    maxLiveSyncPlaybackRate: 1,
    liveSyncOnStallIncrease: 0,
    backBufferLength: BACK_BUFFER_SEC,
    maxBufferLength: MAX_BUFFER_SEC,
    maxMaxBufferLength: MAX_BUFFER_SEC,
    abrEwmaDefaultEstimate: FIRST_ESTIMATE_BPS,
    testBandwidth: false,
    enableWorker: false,
    preserveManualLevelOnError: true,
    enableInterstitialPlayback: false,
    enableEmsgMetadataCues: false,
    manifestLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 8_000,
        maxLoadTimeMs: 15_000,
        timeoutRetry: retryTimeout,
        errorRetry: null,
      },
    },
    playlistLoadPolicy: {
      // The origin holds a blocking reload for up to 7.5 s and answers 503 then.
      default: {
        maxTimeToFirstByteMs: 10_000,
        maxLoadTimeMs: 15_000,
        timeoutRetry: retryTimeout,
        errorRetry: retryForLive,
      },
    },
    fragLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 5_000,
        maxLoadTimeMs: 20_000,
        timeoutRetry: retryTimeout,
        errorRetry: retryForLive,
      },
    },
  };
}
