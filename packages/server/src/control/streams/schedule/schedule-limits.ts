/** Bounds of calendar feeds. */
export interface ScheduleLimits {
  /** Events of one feed at most, the next ones first: calendars fetch it whole. Default 200. */
  readonly events: number;
}

/** See {@link ScheduleLimits}. */
export const DEFAULT_SCHEDULE_LIMITS: ScheduleLimits = { events: 200 };
