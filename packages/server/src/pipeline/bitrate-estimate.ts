import type { AccessUnit } from '../stream/access-unit.ts';

/** Whole GOPs are measured together until they last this long, in milliseconds. */
const WINDOW_MS = 4000;
/** A change by less than this factor is not worth telling. */
const TELLING = 1.4;

/** Measures a video track's bitrate over whole GOPs, for whoever chooses between renditions. */
export class BitrateEstimate {
  #startMs: number | undefined;
  #bytes = 0;
  #bps: number | undefined;

  /** Bits per second as last told; undefined before the first measure. */
  get bps(): number | undefined {
    return this.#bps;
  }

  /** Takes note of a picture; true when a keyframe completed a measure that differs from the last one by so much that it should be told. */
  observe(unit: AccessUnit): boolean {
    const start = this.#startMs;
    let telling = false;
    if (unit.keyframe && (start === undefined || unit.dts - start >= WINDOW_MS)) {
      if (start !== undefined) telling = this.#measure((this.#bytes * 8000) / (unit.dts - start));
      this.#startMs = unit.dts;
      this.#bytes = 0;
    }
    this.#bytes += unit.payload.byteLength;
    return telling;
  }

  /** Forgets everything: another track begins. */
  reset(): void {
    this.#startMs = undefined;
    this.#bytes = 0;
    this.#bps = undefined;
  }

  #measure(measuredBps: number): boolean {
    const bps = Math.round(measuredBps);
    const last = this.#bps;
    if (last !== undefined && bps < last * TELLING && bps > last / TELLING) return false;
    this.#bps = bps;
    return true;
  }
}
