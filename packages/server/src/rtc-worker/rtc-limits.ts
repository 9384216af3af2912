import type { ChildLimits } from './protocol/messages.ts';

/** Bounds of WebRTC. */
export interface RtcLimits extends ChildLimits {
  /** Of `maxSessions`, places that only publishers take: viewers and probes, which need no key, must not lock them out. */
  readonly publisherPlaces: number;
}

/** The bounds of a newcomer's installation. */
export const DEFAULT_RTC_LIMITS: RtcLimits = {
  maxSessions: 2000,
  publisherPlaces: 100,
  iceTimeoutMs: 15_000,
  dtlsTimeoutMs: 10_000,
  silenceTimeoutMs: 5000,
  probeLifeMs: 15_000,
  maxBitrateBps: 20_000_000,
};
