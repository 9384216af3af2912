/** Decides whether playback is at the live edge, with some slack in both directions so that the badge does not flicker. */

/** More than this behind the wanted latency, for {@link LEAVE_MS}: no longer live. */
const LEAVE_SEC = 3;
const LEAVE_MS = 2_000;
/** Back at the edge. */
const RETURN_SEC = 1;

/** See the head of this file. */
export class LiveEdge {
  #atLive = true;
  #behindSinceMs: number | undefined;

  /** The answer of the last {@link update}. */
  get atLive(): boolean {
    return this.#atLive;
  }

  /** `behindSec` = latency beyond the wanted one. `following` = the viewer has not left the edge on purpose. */
  update(nowMs: number, behindSec: number, following: boolean): boolean {
    if (!following) {
      this.#atLive = false;
      this.#behindSinceMs = undefined;
    } else if (behindSec <= RETURN_SEC) {
      this.#atLive = true;
      this.#behindSinceMs = undefined;
    } else if (behindSec > LEAVE_SEC) {
      this.#behindSinceMs ??= nowMs;
      if (nowMs - this.#behindSinceMs >= LEAVE_MS) {
        this.#atLive = false;
      }
    } else {
      this.#behindSinceMs = undefined;
    }
    return this.#atLive;
  }
}
