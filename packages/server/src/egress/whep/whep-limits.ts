import { SDP_LIMITS } from '@tallylight/media/sdp/sdp-limits.ts';

/** What the WHEP endpoint lets its viewers do. */
export interface WhepLimits {
  /** Viewers' sessions in all, those being opened as well; more are 503 `WHEP_FULL`. Default 250. */
  readonly maxViewers: number;
  /** Sessions of one address that are not connected yet; more are 429. Default 50: a class behind one address opens the page. */
  readonly maxConnectingPerAddress: number;
  /** Sessions of one address (an IPv6 /64 counts as one), connected or not; more are 503 `WHEP_FULL`. Default 100. */
  readonly maxViewersPerAddress: number;
  /** Offers of one address (an IPv6 /64 counts as one) in a minute, taken or refused; more are 429. Default 300. */
  readonly maxPostsPerMinute: number;
  /** Longest offer in bytes; longer is 413. Default 64 KiB. */
  readonly maxOfferBytes: number;
  /** Whole offer within so many milliseconds, else 408. Default 10,000. */
  readonly offerTimeoutMs: number;
}

/** The limits of an endpoint that was given none. */
export const DEFAULT_WHEP_LIMITS: WhepLimits = {
  maxViewers: 250,
  maxConnectingPerAddress: 50,
  maxViewersPerAddress: 100,
  maxPostsPerMinute: 300,
  maxOfferBytes: SDP_LIMITS.length,
  offerTimeoutMs: 10_000,
};
