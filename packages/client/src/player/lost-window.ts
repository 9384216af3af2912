/** Where a media playlist begins and ends; a subset of hls.js's `LevelDetails`. */
export interface PlaylistSpan {
  readonly startMsn: number;
  readonly endMsn: number;
  /** PROGRAM-DATE-TIME of the first segment, in ms since 1970. */
  readonly startEpochMs: number | undefined;
  /** The same of the playlist's end. */
  readonly endEpochMs: number | undefined;
}

/** Clock steps and rounding between two reloads stay below this. */
const TOLERANCE_MS = 1_000;

/**
 * Whether `next` has nothing in common with `previous`: the server was started anew (its MSN jumps up), or this page slept too long.
 * hls.js cannot place such a playlist on the old timeline, so the source must be loaded again.
 */
export function lostWindow(previous: PlaylistSpan, next: PlaylistSpan): boolean {
  const jumped = next.startMsn > previous.endMsn + 1 || next.endMsn < previous.startMsn;
  if (next.startEpochMs !== undefined && previous.endEpochMs !== undefined) {
    // A publisher that was away leaves a hole in the dates, but not in the numbers.
    return jumped && next.startEpochMs > previous.endEpochMs - TOLERANCE_MS;
  }
  return jumped;
}
