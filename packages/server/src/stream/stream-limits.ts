/** How many times a stream's bitrate limit its publisher may send for long: encoders' peaks, sound and headers are not meant by it. */
export const BITRATE_TOLERANCE = 1.5;

/** What the owner of a stream allows on it. Absent members: the server's own limits alone hold. */
export interface StreamLimits {
  /**
   * What the publisher's encoder may be set to, in bit/s: who sends more than `BITRATE_TOLERANCE` times as much for some seconds is cut,
   * so that an encoder that is set to the limit is not.
   */
  readonly maxBitrateBps?: number | undefined;
  /** Pixels of the shorter side of the largest picture that viewers may get; absent: as large as the source is. */
  readonly maxShortSide?: number | undefined;
  /** Pictures a second that viewers may get; absent: as many as the source has. */
  readonly maxFrameRate?: number | undefined;
}

/** The limits that viewers' pictures have: what is above them is encoded. */
export type PictureLimits = Pick<StreamLimits, 'maxShortSide' | 'maxFrameRate'>;

/** The limits alone, of whatever carries them. */
export function limitsOf({ maxBitrateBps, maxShortSide, maxFrameRate }: StreamLimits): StreamLimits {
  return {
    ...(maxBitrateBps === undefined ? {} : { maxBitrateBps }),
    ...(maxShortSide === undefined ? {} : { maxShortSide }),
    ...(maxFrameRate === undefined ? {} : { maxFrameRate }),
  };
}
