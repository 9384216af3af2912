import type { WallClockMapping } from '../stream/wall-clock.ts';
import type { PackagerOptions } from './packager-options.ts';

/** Where a segment begins, in every rendition alike. */
export interface Cut {
  readonly msn: number;
  /** Stream time in milliseconds: the segment holds the pictures from here on. */
  readonly startMs: number;
  /** EXT-X-DISCONTINUITY before it. */
  readonly discontinuity: boolean;
  /** The segment's discontinuity sequence number, its own tag counted. */
  readonly discontinuitySequence: number;
  /** Unix milliseconds of stream time 0, for EXT-X-PROGRAM-DATE-TIME. */
  readonly epochMs: number;
}

/** A GOP this much shorter than the segment, in milliseconds, still makes one: publishers round timestamps. */
export const SLACK_MS = 50;
/** Cuts remembered for renditions that lag behind: two minutes of segments. */
const MAX_CUTS = 64;

/**
 * Decides where segments begin, looking at the source's pictures only; every rendition follows, so that all switch on the
 * same picture and a segment has the same number everywhere.
 */
export class SegmentClock {
  readonly #options: PackagerOptions;
  readonly #wallClock: WallClockMapping;
  readonly #cuts: Cut[] = [];
  #nextMsn: number;
  #discontinuitySequence: number;
  #discontinuity = false;
  #encodedFromMs: number | undefined;
  #lastKeyframeMs: number | undefined;
  #gopMs: number | undefined;

  /**
   * @param first numbers of the first segment.
   */
  constructor(
    options: PackagerOptions,
    wallClock: WallClockMapping,
    first: { readonly msn: number; readonly discontinuitySequence: number },
  ) {
    this.#options = options;
    this.#wallClock = wallClock;
    this.#nextMsn = first.msn;
    this.#discontinuitySequence = first.discontinuitySequence;
  }

  /** Longest segment, in milliseconds: EXTINF rounds to the target duration (rfc8216bis §4.4.3.1). */
  get longestMs(): number {
    return this.#options.targetDurationSec * 1000 + 450;
  }

  /** The newest cut. */
  get current(): Cut | undefined {
    return this.#cuts.at(-1);
  }

  /** Distance of the last two source keyframes, in milliseconds. */
  get gopMs(): number | undefined {
    return this.#gopMs;
  }

  /** Milliseconds since the publisher's last keyframe, at stream time `ms`; undefined before its first. */
  sinceKeyframeMs(ms: number): number | undefined {
    return this.#lastKeyframeMs === undefined ? undefined : ms - this.#lastKeyframeMs;
  }

  /** How long the present segment will last, in milliseconds, as far as can be told. */
  get expectedMs(): number {
    const { segmentDurationMs } = this.#options;
    if (this.#encodedFromMs !== undefined) return segmentDurationMs;
    if (this.#gopMs === undefined || this.#gopMs <= 0) return segmentDurationMs;
    const gops = Math.ceil((segmentDurationMs - SLACK_MS) / this.#gopMs);
    const ms = gops * this.#gopMs;
    return ms > this.longestMs ? Math.max(1, gops - 1) * this.#gopMs : ms;
  }

  /** The next segment begins at the next keyframe and is marked as a discontinuity. */
  requestDiscontinuity(): void {
    this.#discontinuity = true;
  }

  /** The publisher is gone: the next one's first keyframe begins a discontinuity, and nothing is known of its GOP. */
  interrupt(): void {
    this.#discontinuity = true;
    this.#lastKeyframeMs = undefined;
    this.#gopMs = undefined;
    this.#encodedFromMs = undefined;
  }

  /** True when segments follow the encoder's keyframes because the source's are too far apart. */
  get followsEncoder(): boolean {
    return this.#encodedFromMs !== undefined;
  }

  /** From `fromMs` on segments begin where the encoder sets keyframes; undefined follows the source again. */
  followEncoder(fromMs: number | undefined): void {
    this.#encodedFromMs = fromMs;
  }

  /** Looks at an encoded keyframe, whichever rung delivers it first: all have theirs on the same pictures. */
  offerEncoded(ptsMs: number): void {
    if (this.#encodedFromMs === undefined || ptsMs < this.#encodedFromMs) return;
    const current = this.current;
    const elapsed = current === undefined ? Number.POSITIVE_INFINITY : ptsMs - current.startMs;
    if (elapsed < 1) return;
    if (this.#discontinuity || elapsed >= this.#options.segmentDurationMs - SLACK_MS) this.#cut(ptsMs);
  }

  /** Looks at a source picture (or audio frame of an audio-only stream), in decode order. */
  offer(unit: { readonly ptsMs: number; readonly keyframe: boolean }): void {
    if (this.#encodedFromMs !== undefined) return;
    const current = this.current;
    if (!unit.keyframe) {
      // Without an encoder at hand a GOP longer than a segment may last is cut where it stands.
      if (current !== undefined && !this.#discontinuity && unit.ptsMs - current.startMs >= this.longestMs)
        this.#cut(unit.ptsMs);
      return;
    }
    if (this.#lastKeyframeMs !== undefined) this.#gopMs = unit.ptsMs - this.#lastKeyframeMs;
    this.#lastKeyframeMs = unit.ptsMs;
    if (current === undefined || this.#discontinuity) return this.#cut(unit.ptsMs);
    const elapsed = unit.ptsMs - current.startMs;
    const nextWouldBeTooLate = elapsed + (this.#gopMs ?? 0) > this.longestMs;
    if (elapsed >= this.#options.segmentDurationMs - SLACK_MS || nextWouldBeTooLate) this.#cut(unit.ptsMs);
  }

  /** The segment that a picture at this stream time belongs to; undefined before the first. */
  at(ms: number): Cut | undefined {
    for (let index = this.#cuts.length - 1; index >= 0; index -= 1) {
      const cut = this.#cuts[index];
      if (cut !== undefined && cut.startMs <= ms) return cut;
    }
    return undefined;
  }

  /** The cut that begins segment `msn`, while it is remembered. */
  cut(msn: number): Cut | undefined {
    return this.#cuts.find((cut) => cut.msn === msn);
  }

  #cut(startMs: number): void {
    const current = this.current;
    // Never backwards: a playlist with a segment of no or negative length is refused whole.
    if (current !== undefined && startMs <= current.startMs) return;
    this.#wallClock.slew();
    const epochMs = this.#wallClock.toUnixMs(0) ?? 0;
    const discontinuity = this.#discontinuity;
    if (discontinuity) this.#discontinuitySequence += 1;
    const discontinuitySequence = this.#discontinuitySequence;
    this.#cuts.push({ msn: this.#nextMsn, startMs, discontinuity, discontinuitySequence, epochMs });
    if (this.#cuts.length > MAX_CUTS) this.#cuts.shift();
    this.#nextMsn += 1;
    this.#discontinuity = false;
  }
}
