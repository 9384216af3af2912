/** What the HTTP servers allow a client. Times are milliseconds. */
export interface HttpLimits {
  /** From the first byte (or the connection) to the end of the headers; then 408 and closed. Default 10000. */
  readonly headersTimeoutMs: number;
  /** From the first byte to the end of a request with its body; then 408 and closed. Default 30000. */
  readonly requestTimeoutMs: number;
  /** Idle time between two requests of one connection. Default 65000, above the 60 s of common proxies. */
  readonly keepAliveTimeoutMs: number;
  /** A connection with an answer under way on which no byte moves for so long is cut. Above any hold. Default 30000. */
  readonly socketTimeoutMs: number;
  /** How often the first three are looked at, so they may be late by this much. Default 5000. */
  readonly checkIntervalMs: number;
  /** TLS handshake; then closed. Default 10000. */
  readonly handshakeTimeoutMs: number;
  /** Connections in all, HTTP and HTTPS together; one more is closed at once. Default 10000. */
  readonly maxConnections: number;
  /** Connections of one address (an IPv6 /64 counts as one); one more is closed at once. Default 200. */
  readonly maxConnectionsPerAddress: number;
  /** Do not count connections from this machine per address (a proxy or a test runs there). Default true. */
  readonly exemptLoopback: boolean;
  /** Longest request target in bytes; longer is 414. Default 2048. */
  readonly maxUrlBytes: number;
  /** Longest header section in bytes; longer is 431. Default 16384. */
  readonly maxHeaderBytes: number;
  /** Requests in flight on one HTTP/2 connection. Default 100. */
  readonly maxConcurrentStreams: number;
  /** How long `close()` waits for answers under way. Default 3000. */
  readonly closeGraceMs: number;
}

/** The defaults of {@link HttpLimits}. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  socketTimeoutMs: 30_000,
  checkIntervalMs: 5000,
  handshakeTimeoutMs: 10_000,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 200,
  exemptLoopback: true,
  maxUrlBytes: 2048,
  maxHeaderBytes: 16_384,
  maxConcurrentStreams: 100,
  closeGraceMs: 3000,
};
