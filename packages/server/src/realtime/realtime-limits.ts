/** What the realtime server allows a client. Times are milliseconds. */
export interface RealtimeLimits {
  /** Sockets of one address (an IPv6 /64 counts as one); one more is refused with 429. Default 200. */
  readonly socketsPerAddress: number;
  /** Sockets in all; one more is refused with 503. Default 10000. */
  readonly sockets: number;
  /** Do not count sockets from this machine per address, unless a proxy there sends them for others. Default true. */
  readonly exemptLoopback: boolean;
  /** Events of one socket in a second; one more is acknowledged with RATE_LIMITED. Default 10. */
  readonly eventsPerSecond: number;
  /** Frames of any kind of one socket in a second; one more and the socket is cut. Default 100. */
  readonly framesPerSecond: number;
  /** Longest frame in bytes; longer and the socket is cut. Default 16384. */
  readonly frameBytes: number;
  /** What may wait to be sent to a client that does not read; one byte more and it is cut. Default 1048576. */
  readonly sendBufferBytes: number;
  /** From the upgrade to being signed in; then cut. Default 10000. */
  readonly handshakeTimeoutMs: number;
  /** Streams that one socket may be in; one more is refused with RATE_LIMITED. Default 20. */
  readonly roomsPerSocket: number;
  /** How often a connection is asked whether it lives. Default 25000. */
  readonly pingIntervalMs: number;
  /** How long its answer may take. Default 20000. */
  readonly pingTimeoutMs: number;
  /** For how long a lost connection can go on where it was. Default 120000. */
  readonly recoveryMs: number;
  /** Lost connections, and events, that are remembered for that; the oldest go first. Default 10000. */
  readonly recoverable: number;
  /** For how long a viewer whose connection was lost still counts. Default 10000. */
  readonly leaveGraceMs: number;
  /** At most one broadcast of joined and left viewers of a stream in this time. Default 1000. */
  readonly viewerSumMs: number;
  /** Reactions of a stream are summed over this time. Default 500. */
  readonly reactionSumMs: number;
  /** Reactions of one such interval that are told singly; the rest is summed. Default 2. */
  readonly singleReactions: number;
  /** Events of a stream in a second above which several travel in one write. Default 50. */
  readonly batchAbovePerSecond: number;
  /** How long an event may wait then. Default 100. */
  readonly batchMs: number;
  /** Signed-in sockets are asked again whether they still are, so often. Default 300000. */
  readonly reviewMs: number;
}

/** The defaults of {@link RealtimeLimits}. */
export const DEFAULT_REALTIME_LIMITS: RealtimeLimits = {
  socketsPerAddress: 200,
  sockets: 10_000,
  exemptLoopback: true,
  eventsPerSecond: 10,
  framesPerSecond: 100,
  frameBytes: 16_384,
  sendBufferBytes: 1_048_576,
  handshakeTimeoutMs: 10_000,
  roomsPerSocket: 20,
  pingIntervalMs: 25_000,
  pingTimeoutMs: 20_000,
  recoveryMs: 120_000,
  recoverable: 10_000,
  leaveGraceMs: 10_000,
  viewerSumMs: 1000,
  reactionSumMs: 500,
  singleReactions: 2,
  batchAbovePerSecond: 50,
  batchMs: 100,
  reviewMs: 300_000,
};
