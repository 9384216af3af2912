/** How people are told of streams. */
export interface NotificationLimits {
  /** Reminders that one user waits for. Default 200. */
  readonly reminders: number;
  /** People told in one transaction. Default 1000. */
  readonly batch: number;
  /** A reminder that could not be sent so long after the stream should have begun is not sent any more, in minutes. Default 10. */
  readonly latestMinutes: number;
  /** Days that notifications are kept. Default 90. */
  readonly keepDays: number;
  /** Mails that are handed over at the same time. Default 4. */
  readonly mailsAtOnce: number;
}

/** See {@link NotificationLimits}. */
export const DEFAULT_NOTIFICATION_LIMITS: NotificationLimits = {
  reminders: 200,
  batch: 1000,
  latestMinutes: 10,
  keepDays: 90,
  mailsAtOnce: 4,
};
