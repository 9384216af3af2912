import { DEFAULT_WHEP_LIMITS } from '../egress/whep/whep-limits.ts';
import { DEFAULT_WHIP_LIMITS } from '../ingest/whip/whip-limits.ts';
import { DEFAULT_RTC_LIMITS } from '../rtc-worker/rtc-limits.ts';
import { integer, list, optionalText, toggle } from './setting.ts';

/** WebRTC: where it listens, and how browsers find it. */
export const rtcSettings = {
  rtc: toggle({ env: 'RTC', default: true, description: 'WebRTC: publish by WHIP, watch by WHEP' }),
  rtcPort: integer({
    env: 'RTC_PORT',
    default: 8189,
    min: 1,
    max: 65_535,
    unit: 'port',
    description: 'UDP port of all WebRTC media; open it in the firewall',
  }),
  publicIp: list({
    env: 'PUBLIC_IP',
    unit: 'addresses',
    description: 'Addresses at which browsers reach RTC_PORT; without it those of the network interfaces',
  }),
  stunUrls: list({
    env: 'STUN_URLS',
    unit: 'stun: URLs',
    description: 'STUN servers for browsers; needless where this server is reached directly',
  }),
  turnUrls: list({
    env: 'TURN_URLS',
    unit: 'turn: or turns: URLs',
    description: 'TURN servers for browsers whose network blocks UDP',
  }),
  turnSecret: optionalText({
    env: 'TURN_SECRET',
    unit: 'text',
    secret: true,
    description: 'The TURN servers’ shared secret (coturn: static-auth-secret)',
  }),
  turnTtlSec: integer({
    env: 'TURN_TTL_SEC',
    default: 86_400,
    min: 60,
    max: 604_800,
    unit: 's',
    description: 'How long a TURN credential is good',
  }),
};

/** What WebRTC may cost; each limit is enforced where it is reached. */
export const rtcLimitSettings = {
  maxWhepViewers: integer({
    env: 'MAX_WHEP_VIEWERS',
    default: DEFAULT_WHEP_LIMITS.maxViewers,
    min: 0,
    max: 100_000,
    unit: 'viewers',
    description: 'WebRTC viewers in all; more are sent to LL-HLS',
  }),
  whepViewersPerAddress: integer({
    env: 'WHEP_VIEWERS_PER_ADDRESS',
    default: DEFAULT_WHEP_LIMITS.maxViewersPerAddress,
    min: 1,
    max: 100_000,
    unit: 'viewers',
    description: 'WebRTC viewers from one address; more are sent to LL-HLS',
  }),
  whepPostsPerMinute: integer({
    env: 'WHEP_POSTS_PER_MINUTE',
    default: DEFAULT_WHEP_LIMITS.maxPostsPerMinute,
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    description: 'How often one address may ask to watch by WebRTC in a minute',
  }),
  rtcIceTimeoutSec: integer({
    env: 'RTC_ICE_TIMEOUT_SEC',
    default: DEFAULT_RTC_LIMITS.iceTimeoutMs / 1000,
    min: 1,
    max: 120,
    unit: 's',
    description: 'A WebRTC session whose path is not found by then is closed',
  }),
  rtcDtlsTimeoutSec: integer({
    env: 'RTC_DTLS_TIMEOUT_SEC',
    default: DEFAULT_RTC_LIMITS.dtlsTimeoutMs / 1000,
    min: 1,
    max: 120,
    unit: 's',
    description: 'A WebRTC session whose handshake takes longer is closed',
  }),
  rtcSilenceSec: integer({
    env: 'RTC_SILENCE_SEC',
    default: DEFAULT_RTC_LIMITS.silenceTimeoutMs / 1000,
    min: 2,
    max: 120,
    unit: 's',
    description: 'A WebRTC publisher silent for longer is gone',
  }),
  whipSessionsPerAddress: integer({
    env: 'WHIP_SESSIONS_PER_ADDRESS',
    default: DEFAULT_WHIP_LIMITS.maxSessionsPerAddress,
    min: 1,
    max: 10_000,
    unit: 'sessions',
    description: 'WebRTC publishers from one address',
  }),
  rtcMaxOfferBytes: integer({
    env: 'RTC_MAX_OFFER_BYTES',
    default: DEFAULT_WHIP_LIMITS.maxOfferBytes,
    min: 1024,
    // What reads descriptions reads no more.
    max: DEFAULT_WHIP_LIMITS.maxOfferBytes,
    unit: 'bytes',
    description: 'Largest SDP offer of publishers and viewers',
  }),
};
