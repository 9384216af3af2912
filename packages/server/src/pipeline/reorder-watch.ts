import type { AccessUnit } from '../stream/access-unit.ts';

/**
 * Finds B-frames: a picture that is shown before one that was decoded earlier. PTS above DTS alone says nothing, for some encoders set
 * their pictures off by a constant.
 */
export class ReorderWatch {
  #latestPts = Number.NEGATIVE_INFINITY;
  #reordered = false;

  /** True once a picture was shown in another place than it was decoded in. */
  get reordered(): boolean {
    return this.#reordered;
  }

  /** Takes note of the next picture in decode order; returns `reordered`. */
  observe({ pts }: Pick<AccessUnit, 'pts'>): boolean {
    if (pts < this.#latestPts) this.#reordered = true;
    else this.#latestPts = pts;
    return this.#reordered;
  }

  /** Another source: what the one before did says nothing of it. */
  reset(): void {
    this.#latestPts = Number.NEGATIVE_INFINITY;
    this.#reordered = false;
  }
}
