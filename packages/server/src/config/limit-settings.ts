import { availableParallelism } from 'node:os';
import { DEFAULT_HTTP_LIMITS } from '../http/http-limits.ts';
import { DEFAULT_ORIGIN_LIMITS } from '../origin/origin-limits.ts';
import { rtmpLimitSettings } from './rtmp-limit-settings.ts';
import { integer } from './setting.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * What one client may cost. The stages own the defaults, which fit a small machine on the open internet; each limit is enforced where it is reached,
 * never by trusting the client.
 */
export const limitSettings = {
  httpMaxConnections: integer({
    env: 'HTTP_MAX_CONNECTIONS',
    default: DEFAULT_HTTP_LIMITS.maxConnections,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    description: 'Open HTTP connections in all',
  }),
  httpMaxConnectionsPerAddress: integer({
    env: 'HTTP_MAX_CONNECTIONS_PER_ADDRESS',
    default: DEFAULT_HTTP_LIMITS.maxConnectionsPerAddress,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    description: 'Open HTTP connections from one address',
  }),
  httpHeadersTimeoutSec: integer({
    env: 'HTTP_HEADERS_TIMEOUT_SEC',
    default: DEFAULT_HTTP_LIMITS.headersTimeoutMs / 1000,
    min: 1,
    max: 300,
    unit: 's',
    description: 'A request whose headers take longer is dropped',
  }),
  httpRequestTimeoutSec: integer({
    env: 'HTTP_REQUEST_TIMEOUT_SEC',
    default: DEFAULT_HTTP_LIMITS.requestTimeoutMs / 1000,
    min: 1,
    max: 600,
    unit: 's',
    description: 'A request that takes longer to arrive is dropped',
  }),
  httpKeepAliveSec: integer({
    env: 'HTTP_KEEP_ALIVE_SEC',
    default: DEFAULT_HTTP_LIMITS.keepAliveTimeoutMs / 1000,
    min: 1,
    max: 600,
    unit: 's',
    description: 'An idle connection is kept so long',
  }),
  httpMaxHeaderBytes: integer({
    env: 'HTTP_MAX_HEADER_BYTES',
    default: DEFAULT_HTTP_LIMITS.maxHeaderBytes,
    min: 1 * KiB,
    max: 1 * MiB,
    unit: 'bytes',
    description: 'Request headers, else 431',
  }),
  httpMaxUrlBytes: integer({
    env: 'HTTP_MAX_URL_BYTES',
    default: DEFAULT_HTTP_LIMITS.maxUrlBytes,
    min: 256,
    max: 64 * KiB,
    unit: 'bytes',
    description: 'Request URL, else 414',
  }),
  httpMaxUnsentBytes: integer({
    env: 'HTTP_MAX_UNSENT_BYTES',
    default: DEFAULT_ORIGIN_LIMITS.maxBufferedBytes,
    min: 64 * KiB,
    max: 64 * MiB,
    unit: 'bytes',
    description: 'Bytes kept for a viewer that does not read',
  }),
  httpUnsentTimeoutSec: integer({
    env: 'HTTP_UNSENT_TIMEOUT_SEC',
    default: DEFAULT_ORIGIN_LIMITS.drainTimeoutMs / 1000,
    min: 1,
    max: 600,
    unit: 's',
    description: 'A viewer that reads nothing for so long is dropped',
  }),

  httpStalledSec: integer({
    env: 'HTTP_STALLED_SEC',
    default: DEFAULT_HTTP_LIMITS.socketTimeoutMs / 1000,
    min: 11,
    max: 600,
    unit: 's',
    description: 'A connection on which no byte moves under a request is cut',
  }),
  httpTlsHandshakeSec: integer({
    env: 'HTTP_TLS_HANDSHAKE_SEC',
    default: DEFAULT_HTTP_LIMITS.handshakeTimeoutMs / 1000,
    min: 1,
    max: 120,
    unit: 's',
    description: 'A TLS handshake that takes longer is dropped',
  }),
  http2MaxStreams: integer({
    env: 'HTTP2_MAX_STREAMS',
    default: DEFAULT_HTTP_LIMITS.maxConcurrentStreams,
    min: 1,
    max: 1000,
    unit: 'requests',
    description: 'Requests in flight on one HTTP/2 connection',
  }),

  heldReloads: integer({
    env: 'HELD_RELOADS',
    default: DEFAULT_ORIGIN_LIMITS.maxHeld,
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    description: 'Playlist requests held for a coming part, in all',
  }),
  heldReloadsPerAddress: integer({
    env: 'HELD_RELOADS_PER_ADDRESS',
    default: DEFAULT_ORIGIN_LIMITS.maxHeldPerAddress,
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    description: 'Playlist requests held for one address',
  }),
  heldReloadMaxMs: integer({
    env: 'HELD_RELOAD_MAX_MS',
    default: DEFAULT_ORIGIN_LIMITS.maxHoldMs,
    min: 1_000,
    max: 30_000,
    unit: 'ms',
    description: 'Longest hold, and never above 3 target durations; then 503',
  }),

  startHoldMs: integer({
    env: 'START_HOLD_MS',
    default: DEFAULT_ORIGIN_LIMITS.startHoldMs,
    min: 0,
    max: 10000,
    unit: 'ms',
    description: 'How long a request waits for a stream that is just starting; then 404',
  }),

  ...rtmpLimitSettings,

  ffmpegMaxProcesses: integer({
    env: 'FFMPEG_MAX_PROCESSES',
    // A live stream has one for its renditions, and a second while they change, for a replacement must find room; and a small one for its
    // sound where HLS or WebRTC needs another codec than it came in. The CPU budget decides long before.
    default: 4 * availableParallelism() + 4,
    min: 1,
    max: 10_000,
    unit: 'processes',
    description: 'FFmpegs at one time, one or two a stream; the default is four a core and four',
  }),
};
