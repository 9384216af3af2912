/** Input that goes unanswered for so long, in milliseconds, means that FFmpeg hangs. */
const HANG_MS = 5000;
/** After a pause of so long, in milliseconds, the watch begins anew: nobody answers what nobody said. */
const PAUSE_MS = 1000;

/** Watches that an encoder which gets input gives output. Time in which it got none does not count against it. */
export class AnswerWatch {
  #unansweredSinceMs: number | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;

  /** A frame is about to be given to it; true when those before it have gone unanswered for too long. */
  asked(nowMs: number): boolean {
    if (nowMs - this.#askedMs > PAUSE_MS) this.#unansweredSinceMs = undefined;
    this.#askedMs = nowMs;
    this.#unansweredSinceMs ??= nowMs;
    return nowMs - this.#unansweredSinceMs > HANG_MS;
  }

  /** It gave a frame. */
  answered(): void {
    this.#unansweredSinceMs = undefined;
  }
}
