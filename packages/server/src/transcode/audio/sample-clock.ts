/** Weight of one unit in the drift estimate: it settles in about a second. */
const DRIFT_WEIGHT = 1 / 64;
/** So much of a filling unit may be missing from a hole that one more fits: stamps are rounded and drift. */
const ALMOST = 0.16;
/** Longest hole that is filled, in milliseconds; after a longer one counting begins anew. */
const MAX_FILL_MS = 250;
/** An overlap longer than this, in milliseconds, is a clock that was set back, not late units. */
const MAX_OVERLAP_MS = 1000;
/** Spans kept at most, should an encoder never give anything: 40 s of Opus. */
const MAX_SPANS = 2048;

/** From a number of samples on, stream time is `offsetMs` plus the time of the samples counted. */
interface Span {
  readonly fromSec: number;
  readonly offsetMs: number;
}

/**
 * Keeps an encoder's count of samples and the stream's milliseconds together. The encoder gets sound without holes and knows no time;
 * what it gives is stamped by counting. Stamps of single units are never trusted: their drift is followed slowly.
 */
export class SampleClock {
  readonly #holeMs: number;
  #spans: Span[] = [];
  #fedSec = 0;
  #strayed = false;

  /** @param holeMs by how much a unit must miss its place, in milliseconds, to be taken for one after a hole, or one too late. */
  constructor(holeMs: number) {
    this.#holeMs = holeMs;
  }

  /**
   * Takes note of the next unit for the encoder and tells how many filling units must precede it; undefined when it comes too late
   * to be encoded at all.
   */
  place(unit: {
    readonly ptsMs: number;
    readonly durationSec: number;
    /** Length of what fills holes; undefined when nothing can. */
    readonly fillerSec: number | undefined;
  }): number | undefined {
    const last = this.#spans.at(-1);
    const errorMs = last === undefined ? 0 : unit.ptsMs - (last.offsetMs + this.#fedSec * 1000);
    if (errorMs < -this.#holeMs && errorMs > -MAX_OVERLAP_MS) {
      this.#strayed = true;
      return undefined;
    }
    let fill = 0;
    if (last === undefined || Math.abs(errorMs) > this.#holeMs || this.#strayed) {
      const fillable = unit.fillerSec !== undefined && errorMs > 0 && errorMs <= MAX_FILL_MS;
      if (fillable) {
        fill = Math.floor(errorMs / 1000 / unit.fillerSec + ALMOST);
        this.#fedSec += fill * unit.fillerSec;
      }
      this.#begin(unit.ptsMs - this.#fedSec * 1000);
    } else {
      this.#begin(last.offsetMs + errorMs * DRIFT_WEIGHT);
    }
    this.#strayed = false;
    this.#fedSec += unit.durationSec;
    return fill;
  }

  /** Stream time, in milliseconds, of a moment in the encoder's sound. Moments asked for must not fall. */
  toMs(sec: number): number {
    while ((this.#spans[1]?.fromSec ?? Number.POSITIVE_INFINITY) <= sec) this.#spans.shift();
    return (this.#spans[0]?.offsetMs ?? 0) + sec * 1000;
  }

  #begin(offsetMs: number): void {
    this.#spans.push({ fromSec: this.#fedSec, offsetMs });
    if (this.#spans.length > MAX_SPANS) this.#spans.shift();
  }
}
