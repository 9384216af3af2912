/** Why a keyframe is asked for. */
export type KeyframeReason = 'loss' | 'wanted' | 'interval';

/** What to send now. */
export type KeyframeRequest = 'pli' | 'fir';

/** After so long without a keyframe one is asked for: segments of the stream need them. */
const INTERVAL_MS = 2000;
/** A request is answered within a round trip and the encoder's time; before that it is not repeated. */
const REPEAT_MS = 300;
/** Requests in a row without an answer, after which the stronger one is sent. */
const PLI_ATTEMPTS = 2;
/** Keyframes are large: somebody who asks all the time would spoil the picture. */
const SHORTEST_MS = 500;

/** Decides when a publisher is asked for a keyframe: PLI first, FIR when that brought nothing. */
export class KeyframeRequests {
  readonly #canFir: boolean;
  #lastKeyframeMs: number | undefined;
  #lastRequestMs = Number.NEGATIVE_INFINITY;
  #unanswered = 0;
  #wanted = false;

  constructor(options: { readonly canFir: boolean }) {
    this.#canFir = options.canFir;
  }

  /** A keyframe came. */
  keyframe(nowMs: number): void {
    this.#lastKeyframeMs = nowMs;
    this.#unanswered = 0;
    this.#wanted = false;
  }

  /** Somebody wants one; asked for at the next `due`. */
  want(): void {
    this.#wanted = true;
  }

  /** What to send now; `isBroken`: pictures are lost until a keyframe comes. Call it often. */
  due(nowMs: number, isBroken: boolean): KeyframeRequest | undefined {
    const sinceMs = nowMs - (this.#lastKeyframeMs ?? Number.NEGATIVE_INFINITY);
    const isDue = isBroken || (this.#wanted && sinceMs >= SHORTEST_MS) || sinceMs >= INTERVAL_MS;
    if (!isDue || nowMs - this.#lastRequestMs < this.#repeatMs()) return undefined;
    this.#lastRequestMs = nowMs;
    this.#unanswered++;
    return this.#canFir && this.#unanswered > PLI_ATTEMPTS ? 'fir' : 'pli';
  }

  /** Later and later, for a publisher that has no more keyframes to give. */
  #repeatMs(): number {
    return REPEAT_MS * Math.min(4, 1 + Math.max(0, this.#unanswered - 1));
  }
}
