/** How much people may ask. */
export interface QuestionLimits {
  /** Length of a question, in code points. At most 500, as the database has it. Default 500. */
  readonly contentLength: number;
  /** Questions of one user in one stream within a minute. Default 3. */
  readonly perMinute: number;
  /** Questions of one user in one stream that are still open. Default 20. */
  readonly openPerUser: number;
  /** Votes, given or taken back, of one user within a second. Default 5. */
  readonly votesPerSecond: number;
}

/** See {@link QuestionLimits}. */
export const DEFAULT_QUESTION_LIMITS: QuestionLimits = {
  contentLength: 500,
  perMinute: 3,
  openPerUser: 20,
  votesPerSecond: 5,
};
