import { DEFAULT_HTTP_LIMITS, type HttpLimits } from '../http/http-limits.ts';
import { defaultRtmpLimits, type RtmpLimits } from '../ingest/rtmp/rtmp-limits.ts';
import { DEFAULT_ORIGIN_LIMITS, type OriginLimits } from '../origin/origin-limits.ts';
import type { SettingValues } from './read-settings.ts';

/** What the HTTP servers allow a client. */
export function httpLimits(values: SettingValues): HttpLimits {
  return {
    ...DEFAULT_HTTP_LIMITS,
    maxConnections: values.httpMaxConnections,
    maxConnectionsPerAddress: values.httpMaxConnectionsPerAddress,
    headersTimeoutMs: values.httpHeadersTimeoutSec * 1000,
    requestTimeoutMs: values.httpRequestTimeoutSec * 1000,
    keepAliveTimeoutMs: values.httpKeepAliveSec * 1000,
    socketTimeoutMs: values.httpStalledSec * 1000,
    handshakeTimeoutMs: values.httpTlsHandshakeSec * 1000,
    maxConcurrentStreams: values.http2MaxStreams,
    maxHeaderBytes: values.httpMaxHeaderBytes,
    maxUrlBytes: values.httpMaxUrlBytes,
  };
}

/** What the origin holds for viewers. */
export function originLimits(values: SettingValues): OriginLimits {
  return {
    ...DEFAULT_ORIGIN_LIMITS,
    maxHeld: values.heldReloads,
    maxHeldPerAddress: values.heldReloadsPerAddress,
    maxHoldMs: values.heldReloadMaxMs,
    startHoldMs: values.startHoldMs,
    maxBufferedBytes: values.httpMaxUnsentBytes,
    drainTimeoutMs: values.httpUnsentTimeoutSec * 1000,
  };
}

/** What a publisher may send. */
export function rtmpLimits(values: SettingValues): RtmpLimits {
  return {
    ...defaultRtmpLimits,
    handshakeTimeoutMs: values.rtmpHandshakeTimeoutSec * 1000,
    publishTimeoutMs: values.rtmpPublishTimeoutSec * 1000,
    idleTimeoutMs: values.rtmpIdleTimeoutSec * 1000,
    maxPreAuthConnections: values.rtmpMaxPending,
    maxPreAuthConnectionsPerIp: values.rtmpMaxPendingPerAddress,
    staleHandshakeMs: values.rtmpStaleHandshakeMs,
    minChunkBytes: values.rtmpMinChunkBytes,
    maxChunkBytes: values.rtmpMaxChunkBytes,
    maxPreAuthMessageBytes: values.rtmpMaxPendingMessageBytes,
    maxMessageBytes: values.rtmpMaxMessageBytes,
    maxChunkStreams: values.rtmpMaxChunkStreams,
    maxBitrateBps: values.rtmpMaxBitrateBps,
    bitrateBurstSec: values.rtmpBitrateBurstSec,
    maxStreamKeyLength: values.rtmpMaxKeyChars,
    maxNetStreams: values.rtmpMaxNetStreams,
    amf: {
      maxDepth: values.rtmpAmfMaxDepth,
      maxKeys: values.rtmpAmfMaxValues,
      maxStringBytes: values.rtmpAmfMaxStringBytes,
    },
    maxKeyFailuresPerMinute: values.rtmpKeyFailuresPerMinute,
    keyFailurePauseMs: values.rtmpKeyPauseSec * 1000,
  };
}
