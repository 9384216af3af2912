/** A rendition that may be sent. */
export interface Choosable {
  readonly id: string;
  /** Bits a second of its video. */
  readonly bitrateBps: number;
}

/** What is known of the path; `BandwidthEstimator` is one. */
export interface PathEstimate {
  readonly estimateBps: number;
  readonly limitedBySender: boolean;
}

/** Besides the video: the sound, headers and packets sent again, in bits a second. */
const OVERHEAD_BPS = 160_000;
/** A higher rendition must fit into this share of the estimate, for so many milliseconds, before it is taken. */
const UP_SHARE = 0.8;
const UP_AFTER_MS = 3000;
/** When nothing more can be learnt from what is sent: a try of the next rendition after so many calm milliseconds. */
const TRY_AFTER_MS = 8000;
/** The estimate fell when it is below this share of what it was. */
const FELL = 0.95;
/** A rendition that is left within that time of being taken, in milliseconds, was a mistake; one that is kept longer was none. */
const MISTAKE_MS = 15_000;
/** How long, in milliseconds, a rendition is not tried again after a mistake: doubled by each further one up to the limit. */
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 240_000;

/** Mistakes that were made with a rendition. */
interface Mistake {
  readonly atMs: number;
  readonly waitMs: number;
}

/**
 * Chooses among the renditions of a stream for one viewer: down at once when the estimate no longer carries what is sent, up one step at a
 * time and only after it was clear for a while that the next one fits. Where the small rendition tells too little of the path, the next is
 * tried; every try that fails makes the wait for the next one longer.
 */
export class RenditionChoice {
  #chosen: string | undefined;
  #tookMs = 0;
  /** Since when the next one would fit; undefined while it would not. */
  #fitsSinceMs: number | undefined;
  /** Since when only the little that is sent limits the estimate. */
  #calmSinceMs: number | undefined;
  /** Set while the chosen one is above the estimate on purpose: only an estimate that falls below this ends that. */
  #floorBps: number | undefined;
  /** By rendition. */
  #mistakes = new Map<string, Mistake>();

  /** The rendition that is sent by the last choice. */
  get chosen(): string | undefined {
    return this.#chosen;
  }

  /**
   * The id of the rendition to send from its next IDR on; undefined when there are none. Call it with every feedback, and when
   * renditions come or go; cheapest with the lowest first. At the start, the highest that fits.
   */
  choose(renditions: readonly Choosable[], path: PathEstimate, nowMs: number): string | undefined {
    const ladder = lowestFirst(renditions);
    if (this.#mistakes.size > ladder.length) this.#forgetGone(ladder);
    const at = ladder.findIndex(({ id }) => id === this.#chosen);
    const current = ladder[at];
    if (current === undefined) return this.#take(highestThatFits(ladder, path.estimateBps), nowMs);
    if (fits(current, path.estimateBps, 1)) this.#floorBps = undefined;
    else if (at > 0 && path.estimateBps < (this.#floorBps ?? Number.POSITIVE_INFINITY)) {
      return this.#fall(current, ladder.slice(0, at), path, nowMs);
    }
    if (nowMs - this.#tookMs >= MISTAKE_MS) this.#mistakes.delete(current.id);
    const next = ladder[at + 1];
    if (next === undefined || !this.#mayRise(next, path, nowMs)) return this.#chosen;
    this.#take(next, nowMs);
    if (!fits(next, path.estimateBps, 1)) this.#floorBps = path.estimateBps * FELL;
    return this.#chosen;
  }

  #forgetGone(ladder: readonly Choosable[]): void {
    for (const id of this.#mistakes.keys()) {
      if (!ladder.some((each) => each.id === id)) this.#mistakes.delete(id);
    }
  }

  #mayRise(next: Choosable, path: PathEstimate, nowMs: number): boolean {
    this.#fitsSinceMs = fits(next, path.estimateBps, UP_SHARE) ? (this.#fitsSinceMs ?? nowMs) : undefined;
    this.#calmSinceMs = path.limitedBySender ? (this.#calmSinceMs ?? nowMs) : undefined;
    const mistake = this.#mistakes.get(next.id);
    const sinceMistakeMs = mistake === undefined ? Number.POSITIVE_INFINITY : nowMs - mistake.atMs;
    const fitted = this.#fitsSinceMs !== undefined && nowMs - this.#fitsSinceMs >= UP_AFTER_MS;
    // Evidence counts sooner than hope.
    if (fitted) return sinceMistakeMs >= FIRST_WAIT_MS;
    const calm = this.#calmSinceMs !== undefined && nowMs - this.#calmSinceMs >= TRY_AFTER_MS;
    return calm && sinceMistakeMs >= (mistake?.waitMs ?? 0);
  }

  #fall(
    current: Choosable,
    below: readonly Choosable[],
    path: PathEstimate,
    nowMs: number,
  ): string | undefined {
    const fitting = highestThatFits(below, path.estimateBps);
    if (nowMs - this.#tookMs >= MISTAKE_MS) return this.#take(fitting, nowMs);
    const before = this.#mistakes.get(current.id)?.waitMs ?? FIRST_WAIT_MS / 2;
    this.#mistakes.set(current.id, { atMs: nowMs, waitMs: Math.min(before * 2, LONGEST_WAIT_MS) });
    if (this.#floorBps === undefined) return this.#take(fitting, nowMs);
    // A try that failed: the one before it went well, and the estimate tells of the try's queue.
    this.#take(below.at(-1), nowMs);
    this.#floorBps = path.estimateBps * FELL;
    return this.#chosen;
  }

  #take(rendition: Choosable | undefined, nowMs: number): string | undefined {
    this.#chosen = rendition?.id;
    this.#tookMs = nowMs;
    this.#fitsSinceMs = undefined;
    this.#calmSinceMs = undefined;
    this.#floorBps = undefined;
    return this.#chosen;
  }
}

/** The same array when it is in order already: this runs with every feedback of every viewer. */
function lowestFirst(renditions: readonly Choosable[]): readonly Choosable[] {
  const isInOrder = renditions.every((each, i) => each.bitrateBps >= (renditions[i - 1]?.bitrateBps ?? 0));
  return isInOrder ? renditions : renditions.toSorted((a, b) => a.bitrateBps - b.bitrateBps);
}

function fits({ bitrateBps }: Choosable, estimateBps: number, share: number): boolean {
  return bitrateBps + OVERHEAD_BPS <= estimateBps * share;
}

/** The lowest, when none fits. */
function highestThatFits(ladder: readonly Choosable[], estimateBps: number): Choosable | undefined {
  return ladder.findLast((rendition) => fits(rendition, estimateBps, 1)) ?? ladder[0];
}
