import { defaultPackagerOptions } from '../packager/packager-options.ts';
import { ENCODERS } from '../transcode/ffmpeg/args.ts';
import { DEFAULT_LADDER } from '../transcode/ladder.ts';
import { controlLimitSettings } from './control-limit-settings.ts';
import { controlSettings } from './control-settings.ts';
import { ladder } from './ladder-setting.ts';
import { limitSettings } from './limit-settings.ts';
import { rtcLimitSettings, rtcSettings } from './rtc-settings.ts';
import { choice, integer, list, numberOrAuto, optionalText, port, text, toggle } from './setting.ts';

/** Every setting of the server: the one place where names, defaults, units and bounds stand. */
export const settings = {
  httpHost: text({
    env: 'HTTP_HOST',
    default: '::',
    unit: 'address',
    description: 'Address to listen on; :: is every address, IPv4 and IPv6',
  }),
  httpPort: port({ env: 'HTTP_PORT', default: 3000, description: 'Watch page, playlists and media' }),
  httpsPort: port({
    env: 'HTTPS_PORT',
    default: 3443,
    description: 'The same over TLS with HTTP/2, when TLS is on',
  }),
  rtmpPort: port({ env: 'RTMP_PORT', default: 1935, description: 'Where encoders publish' }),
  rtmpsPort: port({
    env: 'RTMPS_PORT',
    default: 1936,
    description: 'Where encoders publish over TLS, when TLS is on',
  }),
  publicUrl: optionalText({
    env: 'PUBLIC_URL',
    unit: 'URL',
    description: 'How the world reaches the HTTP port, for printed links',
  }),
  trustedProxies: list({
    env: 'TRUSTED_PROXIES',
    unit: 'addresses',
    description: 'Proxies whose X-Forwarded-For is believed',
  }),
  tlsCert: optionalText({
    env: 'TLS_CERT',
    unit: 'path',
    description: 'Certificate chain in PEM; turns TLS on, with TLS_KEY',
  }),
  tlsKey: optionalText({ env: 'TLS_KEY', unit: 'path', description: 'Private key in PEM' }),
  tlsSelfSigned: toggle({
    env: 'TLS_SELF_SIGNED',
    default: false,
    description: 'TLS with a certificate made at start, for trials',
  }),

  dataDir: text({
    env: 'DATA_DIR',
    default: './data',
    unit: 'path',
    description: 'Folder for the stream keys and what must survive a restart',
  }),
  masterKey: optionalText({
    env: 'TALLYLIGHT_MASTER_KEY',
    unit: '32 bytes in base64',
    secret: true,
    description: 'Seals the stream keys; without it a key is made and kept in DATA_DIR',
  }),

  partDurationMs: integer({
    env: 'PART_DURATION_MS',
    default: defaultPackagerOptions.partDurationMs,
    min: 100,
    max: 1000,
    unit: 'ms',
    description: 'Nominal part: shorter is less latency and more requests',
  }),
  segmentDurationMs: integer({
    env: 'SEGMENT_DURATION_MS',
    default: defaultPackagerOptions.segmentDurationMs,
    min: 1000,
    max: 6000,
    unit: 'ms',
    description: 'Shortest segment; it still waits for the next IDR',
  }),
  targetDurationSec: integer({
    env: 'TARGET_DURATION_SEC',
    default: defaultPackagerOptions.targetDurationSec,
    min: 2,
    max: 10,
    unit: 's',
    description: 'EXT-X-TARGETDURATION: no segment may last longer',
  }),
  windowSegments: integer({
    env: 'WINDOW_SEGMENTS',
    default: defaultPackagerOptions.windowSegments,
    min: 6,
    max: 120,
    unit: 'segments',
    description: 'Finished segments that a playlist lists',
  }),

  reconnectWindowSec: integer({
    env: 'RECONNECT_WINDOW_SEC',
    default: 120,
    min: 0,
    max: 1800,
    unit: 's',
    description: 'How long a stream waits for a lost publisher',
  }),
  trackSilenceMs: integer({
    env: 'TRACK_SILENCE_MS',
    default: 250,
    min: 100,
    max: 5000,
    unit: 'ms',
    description: 'A track silent for longer is filled',
  }),
  secondTrackWaitMs: integer({
    env: 'SECOND_TRACK_WAIT_MS',
    default: 300,
    min: 0,
    max: 5000,
    unit: 'ms',
    description: 'Wait for a second track that nothing announced',
  }),
  takeoverSilenceMs: integer({
    env: 'TAKEOVER_SILENCE_MS',
    default: 1500,
    min: 500,
    max: 60_000,
    unit: 'ms',
    description: 'The same key takes over once the old publisher was silent so long',
  }),

  ladder: ladder({
    env: 'LADDER',
    description: 'Renditions to encode, below the source, as the CPU allows',
    default: DEFAULT_LADDER,
  }),
  encoder: choice({
    env: 'TALLYLIGHT_ENCODER',
    words: ['auto', ...ENCODERS],
    default: 'auto',
    description: 'H.264 encoder; auto takes the first hardware encoder that works',
  }),
  ffmpegPath: text({ env: 'FFMPEG_PATH', default: 'ffmpeg', unit: 'path', description: 'The FFmpeg to use' }),
  cpuBudgetCores: numberOrAuto({
    env: 'CPU_BUDGET_CORES',
    min: 0.1,
    max: 1024,
    unit: 'cores',
    description: 'CPU that encoding may use; auto is every core but what serving needs',
  }),

  ...controlSettings,
  ...controlLimitSettings,

  ...rtcSettings,
  ...rtcLimitSettings,

  demo: toggle({ env: 'DEMO', default: true, description: 'Publish a test card to the stream "demo"' }),
  logLevel: choice({
    env: 'LOG_LEVEL',
    words: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    description: 'Least important events that are logged',
  }),
  logFormat: choice({
    env: 'LOG_FORMAT',
    words: ['auto', 'pretty', 'json'],
    default: 'auto',
    description: 'auto: words on a terminal, JSON elsewhere',
  }),

  ...limitSettings,
};
