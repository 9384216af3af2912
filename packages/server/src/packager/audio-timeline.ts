import type { AccessUnit } from '../stream/access-unit.ts';
import type { AudioTrack } from '../stream/track.ts';

/** Seconds by which a frame may miss its place before it is taken for a gap or an overlap. */
const MISPLACED_SEC = 0.1;
/** Weight of one frame in the drift estimate: it settles in about a second. */
const DRIFT_WEIGHT = 1 / 64;
/** Frames of silence placed at once, at most: ten seconds. */
const MAX_SILENT_FRAMES = 500;

/** Where one frame lands: its place in samples, and its bytes. */
export interface PlacedFrame {
  readonly sample: number;
  readonly payload: Uint8Array;
}

/**
 * Puts audio frames on a timeline counted in samples, without holes or overlaps: millisecond timestamps of single frames are
 * never trusted, real drift is corrected by whole frames, silence fills what is missing.
 */
export class AudioTimeline {
  readonly track: AudioTrack;
  readonly #silence: Uint8Array;
  #next: number | undefined;
  #drift = 0;

  /** @param silence one coded silent frame of the track's format. */
  constructor(track: AudioTrack, silence: Uint8Array) {
    this.track = track;
    this.#silence = silence;
  }

  /** Stream time, in milliseconds, up to which frames were placed; undefined before the first. */
  get endMs(): number | undefined {
    return this.#next === undefined ? undefined : (this.#next * 1000) / this.track.sampleRate;
  }

  /** Length of a frame in milliseconds. */
  get frameMs(): number {
    return (this.track.samplesPerFrame * 1000) / this.track.sampleRate;
  }

  /** Places a frame of the source, after as much silence as is missing before it. A frame that comes too late is dropped. */
  place(unit: AccessUnit): readonly PlacedFrame[] {
    const { sampleRate, samplesPerFrame } = this.track;
    const wanted = (unit.pts * sampleRate) / 1000;
    this.#next ??= Math.round(wanted);
    const error = wanted - this.#next;
    if (error < -MISPLACED_SEC * sampleRate) return [];
    const placed: PlacedFrame[] = [];
    if (error > MISPLACED_SEC * sampleRate) {
      placed.push(...this.#silenceFrames(Math.floor(error / samplesPerFrame)));
      this.#drift = 0;
    } else {
      this.#drift += (error - this.#drift) * DRIFT_WEIGHT;
      if (this.#drift < -samplesPerFrame) {
        this.#drift = 0;
        return [];
      }
      if (this.#drift > samplesPerFrame) {
        placed.push(...this.#silenceFrames(1));
        this.#drift = 0;
      }
    }
    placed.push(this.#take(unit.payload));
    return placed;
  }

  /** Silence up to a stream time, in whole frames; it begins at `fromMs` when nothing was placed yet. */
  fillTo(ms: number, fromMs: number): readonly PlacedFrame[] {
    const { sampleRate, samplesPerFrame } = this.track;
    this.#next ??= Math.round((fromMs * sampleRate) / 1000);
    return this.#silenceFrames(Math.floor(((ms * sampleRate) / 1000 - this.#next) / samplesPerFrame));
  }

  #silenceFrames(count: number): PlacedFrame[] {
    const frames: PlacedFrame[] = [];
    for (let index = 0; index < Math.min(count, MAX_SILENT_FRAMES); index += 1)
      frames.push(this.#take(this.#silence));
    return frames;
  }

  #take(payload: Uint8Array): PlacedFrame {
    const sample = this.#next ?? 0;
    this.#next = sample + this.track.samplesPerFrame;
    return { sample, payload };
  }
}
