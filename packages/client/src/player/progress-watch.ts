/** What a {@link ProgressWatch} concludes from a playhead that should be moving. */
export type Progress =
  /** It moves, or it is right that it does not. */
  | 'fine'
  /** It moves again, with media ahead. */
  | 'moving'
  /** It waits for media, although no event said so. */
  | 'waiting'
  /** It stands still although media arrives: the pipeline is stuck. */
  | 'stuck'
  /** It stands at the end of a playlist that has ended. */
  | 'ended';

/** What the watch is told at each tick. */
export interface ProgressInput {
  readonly nowMs: number;
  readonly currentTimeSec: number;
  /** The playhead is meant to move: started, not paused, and not held by ourselves. */
  readonly expected: boolean;
  /** Media is there and no seek is under way. */
  readonly ready: boolean;
  readonly playlistEnded: boolean;
  /** The playlist has gained nothing for a while. */
  readonly publisherSilent: boolean;
}

/** Without an event from the browser, a playhead that stands still for this long waits for media. */
const STILL_MS = 1_000;
/** After EXT-X-ENDLIST a playhead that stands still for this long is at the end, even if the browser does not say so. */
const END_MS = 1_500;
/** The playhead has not moved for this long although media arrives: only a new pipeline helps. */
const STUCK_MS = 10_000;

/** Watches the playhead, because browsers do not report every standstill. */
export class ProgressWatch {
  #lastTimeSec = 0;
  #movedMs = 0;

  /** A new playback begins. */
  restart(nowMs: number): void {
    this.#movedMs = nowMs;
  }

  /** Takes a reading and concludes. */
  tick(input: ProgressInput): Progress {
    const moved = input.currentTimeSec !== this.#lastTimeSec;
    if (moved || !input.expected) {
      this.#lastTimeSec = input.currentTimeSec;
      this.#movedMs = input.nowMs;
      return moved && input.ready ? 'moving' : 'fine';
    }
    const stoodMs = input.nowMs - this.#movedMs;
    if (input.playlistEnded && stoodMs > END_MS) {
      return 'ended';
    }
    if (stoodMs > STUCK_MS && !input.publisherSilent) {
      return 'stuck';
    }
    return stoodMs > STILL_MS ? 'waiting' : 'fine';
  }
}
