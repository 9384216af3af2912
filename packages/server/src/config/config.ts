import { resolve } from 'node:path';
import type { LadderStep } from './ladder-setting.ts';
import { readSettings, type SettingValues } from './read-settings.ts';
import { ConfigError } from './setting.ts';

/** Where the certificate comes from. */
export type TlsConfig =
  | { readonly source: 'files'; readonly certPath: string; readonly keyPath: string }
  | { readonly source: 'self-signed' };

/** Everything the operator may decide, checked, in the units that the code uses, grouped by who reads it. */
export interface Config {
  readonly dataDir: string;
  /** The master key as given, for the key file; absent when it is kept in `dataDir`. */
  readonly masterKey: string | undefined;
  readonly demo: boolean;
  readonly log: { readonly level: SettingValues['logLevel']; readonly format: SettingValues['logFormat'] };
  /** Absent when TLS is off. */
  readonly tls: TlsConfig | undefined;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly tlsPort: number;
    readonly publicUrl: string | undefined;
    readonly trustedProxies: readonly string[];
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
    readonly headersTimeoutMs: number;
    readonly requestTimeoutMs: number;
    readonly keepAliveMs: number;
    readonly maxHeaderBytes: number;
    readonly maxUrlBytes: number;
    readonly maxUnsentBytes: number;
    readonly unsentTimeoutMs: number;
  };
  readonly origin: {
    readonly heldReloads: number;
    readonly heldReloadsPerAddress: number;
    readonly heldReloadMaxMs: number;
  };
  readonly rtmp: {
    readonly host: string;
    readonly port: number;
    readonly tlsPort: number;
    readonly handshakeTimeoutMs: number;
    readonly publishTimeoutMs: number;
    readonly idleTimeoutMs: number;
    readonly maxPending: number;
    readonly maxPendingPerAddress: number;
    readonly maxChunkBytes: number;
    readonly maxPendingMessageBytes: number;
    readonly maxMessageBytes: number;
    readonly maxChunkStreams: number;
    readonly maxBitrateBps: number;
    readonly keyFailuresPerMinute: number;
    readonly keyPauseMs: number;
  };
  readonly stream: {
    readonly reconnectWindowMs: number;
    readonly trackSilenceMs: number;
    readonly secondTrackWaitMs: number;
    readonly takeoverSilenceMs: number;
  };
  readonly packager: {
    readonly partDurationMs: number;
    readonly segmentDurationMs: number;
    readonly targetDurationSec: number;
    readonly windowSegments: number;
  };
  readonly transcode: {
    readonly ladder: readonly LadderStep[];
    /** `auto` or the name of an FFmpeg encoder. */
    readonly encoder: string;
    readonly ffmpegPath: string;
    readonly cpuBudgetCores: number | 'auto';
    readonly nice: number;
    readonly maxMemoryBytes: number;
    readonly maxOpenFiles: number;
  };
}

/**
 * Reads flags and environment into a `Config`. Flags win over the environment, the environment over the defaults.
 * Throws `ConfigError` for an unknown flag, a bad value, or settings that contradict each other.
 */
export function loadConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Config {
  return toConfig(readSettings(argv, env));
}

/** Groups checked values by reader and turns seconds into the milliseconds that timers take. */
export function toConfig(values: SettingValues): Config {
  refuseContradictions(values);
  return {
    dataDir: resolve(values.dataDir),
    masterKey: values.masterKey,
    demo: values.demo,
    log: { level: values.logLevel, format: values.logFormat },
    tls: tlsOf(values),
    http: {
      host: values.httpHost,
      port: values.httpPort,
      tlsPort: values.httpsPort,
      publicUrl: values.publicUrl?.replace(/\/+$/, ''),
      trustedProxies: values.trustedProxies,
      maxConnections: values.httpMaxConnections,
      maxConnectionsPerAddress: values.httpMaxConnectionsPerAddress,
      headersTimeoutMs: values.httpHeadersTimeoutSec * 1000,
      requestTimeoutMs: values.httpRequestTimeoutSec * 1000,
      keepAliveMs: values.httpKeepAliveSec * 1000,
      maxHeaderBytes: values.httpMaxHeaderBytes,
      maxUrlBytes: values.httpMaxUrlBytes,
      maxUnsentBytes: values.httpMaxUnsentBytes,
      unsentTimeoutMs: values.httpUnsentTimeoutSec * 1000,
    },
    origin: {
      heldReloads: values.heldReloads,
      heldReloadsPerAddress: values.heldReloadsPerAddress,
      heldReloadMaxMs: Math.min(values.heldReloadMaxMs, 3000 * values.targetDurationSec),
    },
    rtmp: {
      host: values.httpHost,
      port: values.rtmpPort,
      tlsPort: values.rtmpsPort,
      handshakeTimeoutMs: values.rtmpHandshakeTimeoutSec * 1000,
      publishTimeoutMs: values.rtmpPublishTimeoutSec * 1000,
      idleTimeoutMs: values.rtmpIdleTimeoutSec * 1000,
      maxPending: values.rtmpMaxPending,
      maxPendingPerAddress: values.rtmpMaxPendingPerAddress,
      maxChunkBytes: values.rtmpMaxChunkBytes,
      maxPendingMessageBytes: values.rtmpMaxPendingMessageBytes,
      maxMessageBytes: values.rtmpMaxMessageBytes,
      maxChunkStreams: values.rtmpMaxChunkStreams,
      maxBitrateBps: values.rtmpMaxBitrateBps,
      keyFailuresPerMinute: values.rtmpKeyFailuresPerMinute,
      keyPauseMs: values.rtmpKeyPauseSec * 1000,
    },
    stream: {
      reconnectWindowMs: values.reconnectWindowSec * 1000,
      trackSilenceMs: values.trackSilenceMs,
      secondTrackWaitMs: values.secondTrackWaitMs,
      takeoverSilenceMs: values.takeoverSilenceMs,
    },
    packager: {
      partDurationMs: values.partDurationMs,
      segmentDurationMs: values.segmentDurationMs,
      targetDurationSec: values.targetDurationSec,
      windowSegments: values.windowSegments,
    },
    transcode: {
      ladder: values.ladder,
      encoder: values.encoder,
      ffmpegPath: values.ffmpegPath,
      cpuBudgetCores: values.cpuBudgetCores,
      nice: values.ffmpegNice,
      maxMemoryBytes: values.ffmpegMaxMemoryBytes,
      maxOpenFiles: values.ffmpegMaxOpenFiles,
    },
  };
}

function tlsOf(values: SettingValues): TlsConfig | undefined {
  if (values.tlsCert !== undefined && values.tlsKey !== undefined) {
    return { source: 'files', certPath: resolve(values.tlsCert), keyPath: resolve(values.tlsKey) };
  }
  return values.tlsSelfSigned ? { source: 'self-signed' } : undefined;
}

function refuseContradictions(values: SettingValues): void {
  if ((values.tlsCert === undefined) !== (values.tlsKey === undefined)) {
    const missing = values.tlsCert === undefined ? 'TLS_CERT' : 'TLS_KEY';
    throw new ConfigError(`TLS_CERT and TLS_KEY belong together, and ${missing} is missing`);
  }
  if (values.segmentDurationMs > values.targetDurationSec * 1000) {
    throw new ConfigError(
      `SEGMENT_DURATION_MS=${values.segmentDurationMs} is longer than TARGET_DURATION_SEC=${values.targetDurationSec} allows`,
    );
  }
  if (values.publicUrl !== undefined && !/^https?:\/\/[^/\s]/.test(values.publicUrl)) {
    throw new ConfigError(
      `PUBLIC_URL="${values.publicUrl}" must be a URL that begins with http:// or https://`,
    );
  }
  if (values.masterKey !== undefined && Buffer.from(values.masterKey, 'base64').length !== 32) {
    throw new ConfigError(
      'TALLYLIGHT_MASTER_KEY must be 32 bytes in base64 (make one with: openssl rand -base64 32)',
    );
  }
}
