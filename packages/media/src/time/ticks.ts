declare const ticksBrand: unique symbol;
declare const timescaleBrand: unique symbol;

/** A PTS, DTS or duration counted in units of its track's timescale. Always a safe integer, may be negative. */
export type Ticks = number & { readonly [ticksBrand]: true };

/** Ticks per second of a track (ISO/IEC 14496-12 §8.4.2). A positive integer below 2³². */
export type Timescale = number & { readonly [timescaleBrand]: true };

/** Marks an integer as ticks. Throws RangeError when the value is not a safe integer. */
export function ticks(value: number): Ticks {
  if (!Number.isSafeInteger(value)) throw new RangeError(`ticks must be a safe integer, got ${value}`);
  return value as Ticks;
}

/** Marks an integer as a timescale. Throws RangeError outside 1 … 2³² − 1. */
export function timescale(value: number): Timescale {
  if (!Number.isInteger(value) || value < 1 || value > 0xffff_ffff) {
    throw new RangeError(`timescale must be an integer in 1…4294967295, got ${value}`);
  }
  return value as Timescale;
}

/** The timescale of RTMP and FLV timestamps: milliseconds (E-RTMP v2, FLV tag header). */
export const MILLISECONDS = 1000 as Timescale;

/** The timescale of every video rendition that we package. Divisible by 24, 25, 30, 50 and 60 fps. */
export const VIDEO_TIMESCALE = 90_000 as Timescale;

/** Moves a timestamp between timescales, rounding to the nearest tick. */
export function rescale(value: Ticks, from: Timescale, to: Timescale): Ticks {
  return (from === to ? value : Math.round((value * to) / from)) as Ticks;
}

/** Seconds, as a float, for playlists and people; never to be converted back. */
export function toSeconds(value: Ticks, scale: Timescale): number {
  return value / scale;
}

/** Ticks nearest to a number of seconds. */
export function fromSeconds(seconds: number, scale: Timescale): Ticks {
  return Math.round(seconds * scale) as Ticks;
}
