import { integer, list, optionalText, port, toggle } from './setting.ts';

/** WebRTC: where it listens, how browsers find it, and what it may cost. */
export const rtcSettings = {
  rtc: toggle({ env: 'RTC', default: true, description: 'WebRTC: publish by WHIP, watch by WHEP' }),
  rtcPort: port({
    env: 'RTC_PORT',
    default: 8189,
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
  maxWhepViewers: integer({
    env: 'MAX_WHEP_VIEWERS',
    default: 250,
    min: 0,
    max: 100_000,
    unit: 'viewers',
    description: 'WebRTC viewers in all; more are sent to LL-HLS',
  }),
  rtcIceTimeoutSec: integer({
    env: 'RTC_ICE_TIMEOUT_SEC',
    default: 15,
    min: 1,
    max: 120,
    unit: 's',
    description: 'A WebRTC session whose path is not found by then is closed',
  }),
  rtcDtlsTimeoutSec: integer({
    env: 'RTC_DTLS_TIMEOUT_SEC',
    default: 10,
    min: 1,
    max: 120,
    unit: 's',
    description: 'A WebRTC session whose handshake takes longer is closed',
  }),
  rtcSilenceSec: integer({
    env: 'RTC_SILENCE_SEC',
    default: 5,
    min: 2,
    max: 120,
    unit: 's',
    description: 'A WebRTC publisher silent for longer is gone',
  }),
  whipSessionsPerAddress: integer({
    env: 'WHIP_SESSIONS_PER_ADDRESS',
    default: 5,
    min: 1,
    max: 10_000,
    unit: 'sessions',
    description: 'WebRTC publishers from one address',
  }),
  whipMaxOfferBytes: integer({
    env: 'WHIP_MAX_OFFER_BYTES',
    default: 65_536,
    min: 1024,
    max: 1_048_576,
    unit: 'bytes',
    description: 'Largest SDP offer',
  }),
};
