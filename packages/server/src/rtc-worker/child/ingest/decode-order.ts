/** H.264 allows at most 16 (max_num_reorder_frames, §E.2.1); encoders use up to 4. */
const MAX_DEPTH = 16;
/** Until two pictures told. */
const ASSUMED_INTERVAL_MS = 33;

/** PTS and DTS of a picture. */
export interface PictureTimes {
  readonly ptsMs: number;
  readonly dtsMs: number;
}

/**
 * Makes decode times for pictures that come in decode order and carry only presentation times, as RTP has it. DTS never falls and never
 * lies after the PTS. Without B-frames both are the same; with them the DTS are the PTS in rising order, later by as many pictures as
 * are reordered. A time that falls back is no sign of B-frames: at a change of the simulcast layer the clocks of the two may differ by
 * some milliseconds, which must not cost a stream its order for good.
 */
export class DecodeOrder {
  /** Presentation times that no picture had as its decode time yet; rising. */
  readonly #waiting: number[] = [];
  #depth = 0;
  #highestPtsMs: number | undefined;
  /** What follows a keyframe in decode order is shown after it (H.264 §7.4.1.2.4, of IDR pictures). */
  #keyframePtsMs = Number.NEGATIVE_INFINITY;
  #lastDtsMs = Number.NEGATIVE_INFINITY;

  /** Pictures that may follow, in output order, one that precedes them: max_num_reorder_frames; or more, if the stream showed it. */
  get depth(): number {
    return this.#depth;
  }

  /** Says how deep the reordering is, before the pictures that need it. Never makes it less. */
  expectDepth(depth: number): void {
    const wanted = Math.min(MAX_DEPTH, depth);
    for (; this.#depth < wanted; this.#depth++) {
      if (this.#highestPtsMs === undefined) continue;
      // As if a picture had come just before.
      this.#waiting.unshift((this.#waiting[0] ?? this.#highestPtsMs) - ASSUMED_INTERVAL_MS);
    }
  }

  /** Times of the next picture in decode order. */
  next(presentedMs: number, keyframe: boolean): PictureTimes {
    const ptsMs = this.#inOrder(presentedMs, keyframe);
    if (this.#highestPtsMs === undefined) {
      for (let i = this.#depth; i > 0; i--) this.#waiting.push(ptsMs - i * ASSUMED_INTERVAL_MS);
    }
    if (keyframe) this.#keyframePtsMs = ptsMs;
    this.#highestPtsMs = Math.max(ptsMs, this.#highestPtsMs ?? ptsMs);
    insert(this.#waiting, ptsMs);
    let candidateMs = ptsMs;
    while (this.#waiting.length > this.#depth) candidateMs = this.#waiting.shift() ?? ptsMs;
    if (candidateMs > ptsMs) this.expectDepth(this.#depth + 1);
    const dtsMs = Math.max(this.#lastDtsMs, Math.min(candidateMs, ptsMs));
    this.#lastDtsMs = dtsMs;
    // Only while the depth was not known yet: the picture is shown some milliseconds late, once.
    return { ptsMs: Math.max(ptsMs, dtsMs), dtsMs };
  }

  /** The presentation time, or the first one that the order of the pictures leaves. */
  #inOrder(ptsMs: number, keyframe: boolean): number {
    if (this.#highestPtsMs === undefined) return ptsMs;
    const isAfterAll = keyframe || this.#depth === 0;
    return Math.max(ptsMs, (isAfterAll ? this.#highestPtsMs : this.#keyframePtsMs) + 1);
  }
}

function insert(rising: number[], value: number): void {
  let at = rising.length;
  while (at > 0 && (rising[at - 1] ?? 0) > value) at--;
  rising.splice(at, 0, value);
}
