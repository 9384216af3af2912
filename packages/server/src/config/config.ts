import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { HttpLimits } from '../http/http-limits.ts';
import type { RtmpLimits } from '../ingest/rtmp/rtmp-limits.ts';
import { STUN_URL, TURN_URL } from '../ingest/whip/ice-servers.ts';
import type { OriginLimits } from '../origin/origin-limits.ts';
import type { PipelineOptions } from '../pipeline/pipeline-options.ts';
import type { LogOptions } from '../platform/create-logger.ts';
import type { EncoderName } from '../transcode/ffmpeg/args.ts';
import type { LadderStep } from '../transcode/ladder.ts';
import { type ControlConfig, controlConfig, refuseControlContradictions } from './control-config.ts';
import { httpLimits, originLimits, rtmpLimits } from './limits.ts';
import { readSettings, type SettingValues } from './read-settings.ts';
import { ConfigError } from './setting.ts';

/** Where the certificate comes from. */
export type TlsConfig =
  | { readonly source: 'files'; readonly certPath: string; readonly keyPath: string }
  | { readonly source: 'self-signed' };

/** WebRTC: listening, addresses, ICE servers for browsers, limits. */
export interface RtcConfig {
  /** UDP port of all sessions. */
  readonly port: number;
  /** Addresses to name in answers; empty: those of the network interfaces. */
  readonly publicAddresses: readonly string[];
  readonly stunUrls: readonly string[];
  /** Absent without a TURN server. */
  readonly turn:
    | { readonly urls: readonly string[]; readonly secret: string; readonly ttlSec: number }
    | undefined;
  readonly maxWhepViewers: number;
  readonly iceTimeoutMs: number;
  readonly dtlsTimeoutMs: number;
  readonly silenceMs: number;
  readonly whepViewersPerAddress: number;
  readonly whepPostsPerMinute: number;
  readonly whipSessionsPerAddress: number;
  readonly maxOfferBytes: number;
}

/** Everything the operator may decide, checked, in the units that the code uses, grouped by who reads it. */
export interface Config {
  readonly dataDir: string;
  /** The master key as given, for the key file; absent when it is kept in `dataDir`. */
  readonly masterKey: string | undefined;
  readonly demo: boolean;
  readonly log: LogOptions;
  /** Absent when TLS is off. */
  readonly tls: TlsConfig | undefined;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly tlsPort: number;
    /** How the world reaches us, without a slash at its end. */
    readonly publicUrl: string | undefined;
    readonly trustedProxies: readonly string[];
    readonly limits: HttpLimits;
  };
  readonly origin: { readonly limits: OriginLimits };
  readonly rtmp: {
    readonly host: string;
    readonly port: number;
    readonly tlsPort: number;
    readonly limits: RtmpLimits;
  };
  /** Absent when WebRTC is off. */
  readonly rtc: RtcConfig | undefined;
  /** Absent where `ROLE` is `media`. */
  readonly control: ControlConfig | undefined;
  readonly pipeline: PipelineOptions;
  readonly transcode: {
    /** Largest first; empty when only the source is served. */
    readonly ladder: readonly LadderStep[];
    /** The one encoder to use; `auto`: the first that works, hardware before software. */
    readonly encoder: EncoderName | 'auto';
    readonly ffmpegPath: string;
    readonly cpuBudgetCores: number | 'auto';
    readonly maxProcesses: number;
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
      limits: httpLimits(values),
    },
    origin: { limits: originLimits(values) },
    rtmp: {
      host: values.httpHost,
      port: values.rtmpPort,
      tlsPort: values.rtmpsPort,
      limits: rtmpLimits(values),
    },
    rtc: rtcOf(values),
    control: values.role === 'media' ? undefined : controlConfig(values),
    pipeline: {
      packager: {
        partDurationMs: values.partDurationMs,
        segmentDurationMs: values.segmentDurationMs,
        targetDurationSec: values.targetDurationSec,
        windowSegments: values.windowSegments,
      },
      reconnectWindowMs: values.reconnectWindowSec * 1000,
      trackSilenceMs: values.trackSilenceMs,
      secondTrackWaitMs: values.secondTrackWaitMs,
      takeoverSilenceMs: values.takeoverSilenceMs,
    },
    transcode: {
      ladder: values.ladder,
      encoder: values.encoder,
      ffmpegPath: values.ffmpegPath,
      cpuBudgetCores: values.cpuBudgetCores,
      maxProcesses: values.ffmpegMaxProcesses,
    },
  };
}

function tlsOf(values: SettingValues): TlsConfig | undefined {
  if (values.tlsCert !== undefined && values.tlsKey !== undefined) {
    return { source: 'files', certPath: resolve(values.tlsCert), keyPath: resolve(values.tlsKey) };
  }
  return values.tlsSelfSigned ? { source: 'self-signed' } : undefined;
}

function rtcOf(values: SettingValues): RtcConfig | undefined {
  if (!values.rtc) return undefined;
  return {
    port: values.rtcPort,
    publicAddresses: values.publicIp,
    stunUrls: values.stunUrls,
    turn:
      values.turnSecret === undefined
        ? undefined
        : { urls: values.turnUrls, secret: values.turnSecret, ttlSec: values.turnTtlSec },
    maxWhepViewers: values.maxWhepViewers,
    iceTimeoutMs: values.rtcIceTimeoutSec * 1000,
    dtlsTimeoutMs: values.rtcDtlsTimeoutSec * 1000,
    silenceMs: values.rtcSilenceSec * 1000,
    whepViewersPerAddress: values.whepViewersPerAddress,
    whepPostsPerMinute: values.whepPostsPerMinute,
    whipSessionsPerAddress: values.whipSessionsPerAddress,
    maxOfferBytes: values.rtcMaxOfferBytes,
  };
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
  refuseIceContradictions(values);
  refuseControlContradictions(values);
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

function refuseIceContradictions(values: SettingValues): void {
  if (values.turnUrls.length > 0 !== (values.turnSecret !== undefined)) {
    const missing = values.turnUrls.length > 0 ? 'TURN_SECRET' : 'TURN_URLS';
    throw new ConfigError(`TURN_URLS and TURN_SECRET belong together, and ${missing} is missing`);
  }
  const wrong = (name: string, given: string, wanted: string): never => {
    throw new ConfigError(`${name}="${given}" must be ${wanted}`);
  };
  for (const url of values.stunUrls) {
    if (!STUN_URL.test(url)) wrong('STUN_URLS', url, 'URLs like stun:host:3478');
  }
  for (const url of values.turnUrls) {
    if (!TURN_URL.test(url)) wrong('TURN_URLS', url, 'URLs like turn:host:3478?transport=tcp');
  }
  for (const address of values.publicIp) {
    if (isIP(address) === 0) wrong('PUBLIC_IP', address, 'an IPv4 or IPv6 address');
  }
}
