/** Bounds of streams and their life. */
export interface StreamsLimits {
  /** Streams of one broadcaster that have neither ended nor were cancelled; one more is refused. Default 100. */
  readonly maxUnfinishedPerBroadcaster: number;
  /** How often it is written down that publishers are connected, in milliseconds. Default 10,000. */
  readonly heartbeatMs: number;
  /** After a restart a stream waits at least this long for its publisher, or its own window where that is shorter, in milliseconds. Default 15,000. */
  readonly restartGraceMs: number;
  /** How soon a step that the database did not take is tried again, in milliseconds. Default 1000. */
  readonly retryMs: number;
}

/** The defaults of {@link StreamsLimits}. */
export const DEFAULT_STREAMS_LIMITS: StreamsLimits = {
  maxUnfinishedPerBroadcaster: 100,
  heartbeatMs: 10_000,
  restartGraceMs: 15_000,
  retryMs: 1000,
};
