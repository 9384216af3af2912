/** Bounds of uploaded pictures. */
export interface ThumbnailsLimits {
  /** Longest upload in bytes. Default 5,242,880. */
  readonly maxBytes: number;
  /** Most pixels of an uploaded picture. Default 25,000,000. */
  readonly maxPixels: number;
  /** The same where it must be unpacked as a whole (progressive, interlaced, 16 bits a channel, alpha WebP). Default 12,500,000. */
  readonly maxPixelsWhole: number;
  /** Width of what is served at most, in pixels. Default 1280. */
  readonly maxWidth: number;
  /** Longest time that one picture may take once its process has begun, in milliseconds. Default 2000. */
  readonly timeoutMs: number;
  /** Pictures in the making at once; one more waits. Default 2. */
  readonly maxAtOnce: number;
  /** Pictures that wait; one more is refused with 503. Default 20. */
  readonly maxWaiting: number;
}

/** The defaults of {@link ThumbnailsLimits}. */
export const DEFAULT_THUMBNAILS_LIMITS: ThumbnailsLimits = {
  maxBytes: 5 << 20,
  maxPixels: 25_000_000,
  maxPixelsWhole: 12_500_000,
  maxWidth: 1280,
  timeoutMs: 2000,
  maxAtOnce: 2,
  maxWaiting: 20,
};
