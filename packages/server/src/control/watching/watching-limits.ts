/** Bounds of watching what not everybody may watch. */
export interface WatchingLimits {
  /** How long a watch token opens a stream, in milliseconds. Default 3,600,000; players renew it before. */
  readonly tokenLifeMs: number;
  /** How long an ended stream's rules are kept, in milliseconds: longer than its last playlist stays up. Default 600,000. */
  readonly keepEndedMs: number;
  /** How soon a question that the database did not answer is asked again, in milliseconds. Default 1000. */
  readonly retryMs: number;
}

/** The defaults of {@link WatchingLimits}. */
export const DEFAULT_WATCHING_LIMITS: WatchingLimits = {
  tokenLifeMs: 3_600_000,
  keepEndedMs: 600_000,
  retryMs: 1000,
};
