import type { GlassReading } from './glass.ts';
import { percentile, round } from './report.ts';

/** What a table says of a reading. */
export interface GlassRow {
  readonly mode: string;
  readonly glassToGlassP50Ms: number;
  readonly glassToGlassP95Ms: number;
  /** Times that the element had nothing to play, and pictures that stood for more than 0.5 s: WebRTC has only the latter. */
  readonly stalls: number;
  readonly longestFreezeMs: number;
  readonly shown: number;
}

/** Sums a reading up. Throws when fewer pictures were shown than `leastShown`: then the figures are not what they seem. */
export function glassRow(mode: string, reading: GlassReading, leastShown: number): GlassRow {
  if (reading.shown < leastShown)
    throw new Error(`${mode}: ${reading.shown} pictures shown, at least ${leastShown} were expected`);
  return {
    mode,
    glassToGlassP50Ms: round(percentile(reading.latenciesMs, 0.5), 0),
    glassToGlassP95Ms: round(percentile(reading.latenciesMs, 0.95), 0),
    stalls: Math.max(reading.stalls, reading.freezes),
    longestFreezeMs: round(reading.longestFreezeMs, 0),
    shown: reading.shown,
  };
}
