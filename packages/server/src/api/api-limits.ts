/** What the API allows a client. */
export interface ApiLimits {
  /** Longest JSON body in bytes; longer is 413. Default 262144. */
  readonly maxBodyBytes: number;
  /** The same for routes of accounts. Default 16384. */
  readonly maxAuthBodyBytes: number;
  /** Longest body of a route that takes something else than JSON, such as an image, in bytes. Default 5242880. */
  readonly maxUploadBytes: number;
  /** A body must be there within so many milliseconds, else 408. Default 30000. */
  readonly bodyTimeoutMs: number;
  /** Longest request target in bytes; longer is 414. Default 2048. */
  readonly maxUrlBytes: number;
  /** Query parameters of one request; more is 400. Default 50. */
  readonly maxQueryParameters: number;
  /** Objects and arrays within one another in a JSON body; deeper is 400. Default 16. */
  readonly maxJsonDepth: number;
  /** Requests of one user in a minute, then 429. Default 300. */
  readonly userRequestsPerMinute: number;
  /** Requests of nobody who signed in from one address (an IPv6 /64 counts as one) in a minute, then 429. Default 60. */
  readonly anonymousRequestsPerMinute: number;
  /** Bad tokens from one address in a minute; then a request with a token is 429 before anybody looks at it. Default 20. */
  readonly badTokensPerMinute: number;
  /** Do not count this machine's own anonymous requests, unless a proxy there sends them for others. Default true. */
  readonly exemptLoopback: boolean;
  /** How long ago a password or passkey must have been given for a route that wants it, in milliseconds. Default 300000. */
  readonly stepUpMs: number;
}

/** The defaults of {@link ApiLimits}. */
export const DEFAULT_API_LIMITS: ApiLimits = {
  maxBodyBytes: 256 << 10,
  maxAuthBodyBytes: 16 << 10,
  maxUploadBytes: 5 << 20,
  bodyTimeoutMs: 30_000,
  maxUrlBytes: 2048,
  maxQueryParameters: 50,
  maxJsonDepth: 16,
  userRequestsPerMinute: 300,
  anonymousRequestsPerMinute: 60,
  badTokensPerMinute: 20,
  exemptLoopback: true,
  stepUpMs: 300_000,
};
