/** How viewer sessions are counted, kept and written. */
export interface ViewersLimits {
  /** Playback sessions that this server remembers at once; one more is refused with 503. Default 100,000. */
  readonly sessions: number;
  /** Sessions that one address has open at once; one more is refused with 429. Default 200. */
  readonly sessionsPerAddress: number;
  /** New sessions that one address may begin at once after a silence; one more is refused with 429. Default 200: a class behind one address. */
  readonly newSessionsBurst: number;
  /** New sessions of one address in a second, beyond the burst. Default 1. */
  readonly newSessionsPerSec: number;
  /** Do not count sessions from this machine (a proxy or a test runs there). Default true. */
  readonly exemptLoopback: boolean;
  /** A heartbeat later than this after the one before counts no watch time, in milliseconds: the tab slept. Default 30,000. */
  readonly beatGapMs: number;
  /** A session opened over REST that is silent for longer has left, in milliseconds. Default 45,000. */
  readonly silentMs: number;
  /** How often changed sessions are written, in milliseconds. Default 2000. */
  readonly writeEveryMs: number;
  /** How often changed counts of viewers are written, in milliseconds. Default 5000. */
  readonly countEveryMs: number;
  /** Sessions in one statement. Default 1000. */
  readonly rowsPerStatement: number;
}

/** The defaults of {@link ViewersLimits}. */
export const DEFAULT_VIEWERS_LIMITS: ViewersLimits = {
  sessions: 100_000,
  sessionsPerAddress: 200,
  newSessionsBurst: 200,
  newSessionsPerSec: 1,
  exemptLoopback: true,
  beatGapMs: 30_000,
  silentMs: 45_000,
  writeEveryMs: 2000,
  countEveryMs: 5000,
  rowsPerStatement: 1000,
};

/** For how many hours after a stream's end its viewers' addresses and user agents are kept. */
export const DEFAULT_ADDRESS_RETENTION_HOURS = 24;
