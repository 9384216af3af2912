/** How many one may follow. */
export interface FollowLimits {
  /** People and channels that one user follows, each. Default 2000. */
  readonly perUser: number;
}

/** See {@link FollowLimits}. */
export const DEFAULT_FOLLOW_LIMITS: FollowLimits = { perUser: 2000 };
