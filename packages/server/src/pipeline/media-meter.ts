import type { AccessUnit } from '../stream/access-unit.ts';

/** What a publisher sends, over the last seconds. */
export interface MediaRate {
  /** Bits a second of coded pictures and sound, without any protocol's overhead. */
  readonly bitrateBps: number;
  readonly framesPerSecond: number;
}

/** Seconds that are averaged over: a keyframe's second is no news. */
const WINDOW = 5;
/** Between two samples, in milliseconds. */
const SAMPLE_MS = 1000;

/**
 * Measures the bitrate and frame rate of one publisher from its access units, whatever its protocol tells of itself. Made for the hot
 * path: a unit costs two additions, the clock is looked at by `tick`.
 */
export class MediaMeter {
  readonly #atMs = new Float64Array(WINDOW + 1);
  readonly #bytesAt = new Float64Array(WINDOW + 1);
  readonly #picturesAt = new Float64Array(WINDOW + 1);
  #bytes = 0;
  #pictures = 0;
  /** Samples taken so far; the newest is at `(#samples - 1) % length`. */
  #samples = 0;

  /** @param nowMs monotonic time from which on is counted. */
  constructor(nowMs: number) {
    this.#sample(nowMs);
  }

  /** A unit came. */
  count(unit: AccessUnit): void {
    this.#bytes += unit.payload.byteLength;
    if (unit.kind === 'video') this.#pictures += 1;
  }

  /** To be called several times a second. */
  tick(nowMs: number): void {
    const newestMs = this.#atMs[(this.#samples - 1) % this.#atMs.length] ?? nowMs;
    if (nowMs - newestMs >= SAMPLE_MS) this.#sample(nowMs);
  }

  /** What came lately; undefined during the first second. */
  read(nowMs: number): MediaRate | undefined {
    const oldest = Math.max(0, this.#samples - this.#atMs.length) % this.#atMs.length;
    const sec = (nowMs - (this.#atMs[oldest] ?? nowMs)) / 1000;
    if (sec * 1000 < SAMPLE_MS) return undefined;
    return {
      bitrateBps: (8 * (this.#bytes - (this.#bytesAt[oldest] ?? 0))) / sec,
      framesPerSecond: (this.#pictures - (this.#picturesAt[oldest] ?? 0)) / sec,
    };
  }

  #sample(nowMs: number): void {
    const at = this.#samples % this.#atMs.length;
    this.#atMs[at] = nowMs;
    this.#bytesAt[at] = this.#bytes;
    this.#picturesAt[at] = this.#pictures;
    this.#samples += 1;
  }
}
