/** How much people may react, and how reactions are written. */
export interface ReactionLimits {
  /** Reactions of one user within a second. Default 5. */
  readonly perSecond: number;
  /** Length of an emoji in UTF-8, in bytes. Default 40: the longest one of Unicode's recommended set has 35. */
  readonly emojiBytes: number;
  /** Reactions that came by socket are written at the latest after this time, in milliseconds. Default 250. */
  readonly flushMs: number;
  /** Rows of one insert at most; fewer for a while after one that took the database too long. Default 5000, some 160 ms of its time. */
  readonly batchRows: number;
  /** Reactions that wait to be written; beyond them new ones are refused with UNAVAILABLE. Default 50 000. */
  readonly waiting: number;
  /** Rules that were asked hold this long, in milliseconds, unless an event says that they changed. Default 15 000. */
  readonly admissionMs: number;
  /** Pairs of user and stream whose rules are kept. Default 50 000. */
  readonly admissions: number;
  /** Pairs of user and stream whose rules wait to be asked for; beyond them reactions are refused with UNAVAILABLE. Default 20 000. */
  readonly asking: number;
}

/** See {@link ReactionLimits}. */
export const DEFAULT_REACTION_LIMITS: ReactionLimits = {
  perSecond: 5,
  emojiBytes: 40,
  flushMs: 250,
  batchRows: 5000,
  waiting: 50_000,
  admissionMs: 15_000,
  admissions: 50_000,
  asking: 20_000,
};
