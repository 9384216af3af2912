import type { SegmentClock } from '../packager/segment-clock.ts';

/** A segment of this age, in milliseconds, without a keyframe in sight is in danger: an encoder needs a second to take over. */
const DANGER_MS = 2300;
/** Where the segment is then cut, in milliseconds from its beginning: EXTINF still rounds to a target duration of 3 s. */
const CUT_MS = 3300;
/** How late, in milliseconds, a keyframe of a regular GOP may be. */
const LATE_MS = 200;

/** Notices in time that a publisher's GOP will outlast what a segment may last. Nothing announces it: OBS "auto" means 8.3 s. */
export class GopWatch {
  readonly #clock: SegmentClock;

  constructor(clock: SegmentClock) {
    this.#clock = clock;
  }

  /** Stream time, in milliseconds, from which keyframes must be ours; undefined while the source's will do. */
  tooLong(dtsMs: number): number | undefined {
    const segment = this.#clock.current;
    const sinceMs = this.#clock.sinceKeyframeMs(dtsMs);
    if (segment === undefined || sinceMs === undefined || dtsMs - segment.startMs < DANGER_MS)
      return undefined;
    const { gopMs } = this.#clock;
    const expected = gopMs !== undefined && gopMs < CUT_MS && sinceMs < gopMs + LATE_MS;
    return expected ? undefined : segment.startMs + CUT_MS;
  }
}
