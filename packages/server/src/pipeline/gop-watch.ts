import type { SegmentClock } from '../packager/segment-clock.ts';

/** What an encoder needs to take over, in milliseconds: FFmpeg starts and decodes the GOP so far. */
const LEAD_MS = 1000;
/** The same for a publisher that is asked for each keyframe: it gets the time to answer, and seldom fails to. */
const ANSWERED_LEAD_MS = 600;
/** How long before the longest that a segment may last it is cut, in milliseconds. */
const MARGIN_MS = 150;
/** How late, in milliseconds, a keyframe of a regular GOP may be. */
const LATE_MS = 200;

/** Notices in time that a publisher's GOP will outlast what a segment may last. Nothing announces it: OBS "auto" means 8.3 s. */
export class GopWatch {
  readonly #clock: SegmentClock;
  readonly #onRequest: boolean;

  /** `onRequest`: the publisher is asked for a keyframe wherever a segment is due. */
  constructor(clock: SegmentClock, onRequest: boolean) {
    this.#clock = clock;
    this.#onRequest = onRequest;
  }

  /** Stream time, in milliseconds, from which keyframes must be ours; undefined while the source's will do. */
  tooLong(dtsMs: number): number | undefined {
    const segment = this.#clock.current;
    const sinceMs = this.#clock.sinceKeyframeMs(dtsMs);
    if (segment === undefined || sinceMs === undefined) return undefined;
    const cutMs = this.#clock.longestMs - MARGIN_MS;
    const leadMs = this.#onRequest ? ANSWERED_LEAD_MS : LEAD_MS;
    if (dtsMs - segment.startMs < cutMs - leadMs) return undefined;
    // What is asked for has no rhythm.
    if (this.#onRequest) return segment.startMs + cutMs;
    const { gopMs } = this.#clock;
    const expected = gopMs !== undefined && gopMs < cutMs && sinceMs < gopMs + LATE_MS;
    return expected ? undefined : segment.startMs + cutMs;
  }
}
