import { PlaylistError, quoteForMessage } from './playlist-error.ts';

/**
 * Steps per second of every duration that we print. 10 µs is a two-hundredth of a frame at 500 fps, and over an hour
 * of 2 s segments the rounding stays below one frame (rfc8216bis §4.4.4.1).
 */
const STEPS_PER_SECOND = 1e5;

/** In steps: absorbs the binary error of values such as 0.216 × 3 before they are rounded up. */
const BINARY_NOISE = 1e-6;

/** A decimal-floating-point (§4.2) with at most five decimals, rounded to the nearest. */
export function writeDecimal(value: number): string {
  return String(Math.round(value * STEPS_PER_SECOND) / STEPS_PER_SECOND);
}

/**
 * As `writeDecimal`, but rounded up: for ceilings and minimum distances such as PART-TARGET and PART-HOLD-BACK.
 * Since parts are rounded to the nearest step of the same grid, no part can be printed above its target (§4.4.4.9).
 */
export function writeDecimalUp(value: number): string {
  return String(Math.ceil(value * STEPS_PER_SECOND - BINARY_NOISE) / STEPS_PER_SECOND);
}

/** Reads a decimal-floating-point or decimal-integer (§4.2): digits, at most one point, no sign. Throws PlaylistError. */
export function parseDecimal(text: string): number {
  if (!/^\d{1,20}(\.\d{0,30})?$|^\.\d{1,30}$/.test(text)) {
    throw new PlaylistError(`not a decimal number: ${quoteForMessage(text)}`);
  }
  return Number(text);
}

/** Reads a decimal-integer (§4.2). Throws PlaylistError when it is no integer of 0 … 2⁵³ − 1. */
export function parseInteger(text: string): number {
  const value = /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw new PlaylistError(`not a decimal integer: ${quoteForMessage(text)}`);
  return value;
}
