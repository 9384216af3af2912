import { SDP_LIMITS } from '@tallylight/media/sdp/sdp-limits.ts';
import type { BitrateCapLimits } from '../rtmp/bitrate-cap.ts';

/** What the WHIP endpoint lets its publishers do. */
export interface WhipLimits extends BitrateCapLimits {
  /** Longest offer in bytes; longer is 413. Default 64 KiB. */
  readonly maxOfferBytes: number;
  /** Whole offer within so many milliseconds, else 408. Default 10,000. */
  readonly offerTimeoutMs: number;
  /** Sessions of one address (an IPv6 /64 counts as one), those being opened as well; more are 429. Default 5. */
  readonly maxSessionsPerAddress: number;
}

/** The limits of an endpoint that was given none. */
export const DEFAULT_WHIP_LIMITS: WhipLimits = {
  maxOfferBytes: SDP_LIMITS.length,
  offerTimeoutMs: 10_000,
  maxSessionsPerAddress: 5,
  maxBitrateBps: 20_000_000,
  bitrateBurstSec: 5,
};
