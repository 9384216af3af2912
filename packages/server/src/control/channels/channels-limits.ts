/** How many channels and members there may be. */
export interface ChannelLimits {
  /** Channels that one user has founded. Default 20. */
  readonly perUser: number;
  /** Members of one channel. Default 5000. */
  readonly members: number;
}

/** See {@link ChannelLimits}. */
export const DEFAULT_CHANNEL_LIMITS: ChannelLimits = { perUser: 20, members: 5000 };
