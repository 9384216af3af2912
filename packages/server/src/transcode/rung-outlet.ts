import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { Generation, GenerationReason, TranscodeTask } from './generation.ts';

/** A new FFmpeg's first pictures are about to be delivered. */
export interface GenerationStart {
  /** 1 for the first. */
  readonly number: number;
  readonly reason: GenerationReason;
  readonly task: TranscodeTask;
  /** True when source pictures were lost to the rungs between this and the one before: signal a gap or DISCONTINUITY. */
  readonly gap: boolean;
}

/** Who gets the rungs' pictures: one ordered story for each rung, whatever happens to the FFmpegs behind it. */
export interface RungListener {
  /** Before the generation's first track and unit. */
  onGeneration(start: GenerationStart): void;
  /** Before the rung's first unit, and again whenever it differs from the last one announced for this rung. */
  onTrack(rungId: string, track: VideoTrack): void;
  /** Timescale 1000, PTS strictly rising in each rung; the first of a generation is a keyframe. */
  onUnit(rungId: string, unit: AccessUnit): void;
}

/** The one way out for pictures of all generations: drops duplicates, announces generations and tracks in time. */
export class RungOutlet {
  readonly #listener: RungListener;
  readonly #lastPts = new Map<string, number>();
  readonly #tracks = new Map<string, VideoTrack>();
  readonly #started = new Set<string>();
  #generation: Generation | undefined;
  /** Set before a generation that begins later than the one before it ended. */
  gap = false;

  constructor(listener: RungListener) {
    this.#listener = listener;
  }

  /** Newest PTS of a rung, in milliseconds. */
  lastPtsMs(rungId: string): number | undefined {
    return this.#lastPts.get(rungId);
  }

  /** Newest PTS of all; undefined before the first picture. */
  get newestPtsMs(): number | undefined {
    return this.#lastPts.size === 0 ? undefined : Math.max(...this.#lastPts.values());
  }

  /** The source's clock may begin anywhere now. */
  forgetTimes(): void {
    this.#lastPts.clear();
  }

  /** Passes a picture on, unless its time was delivered already. */
  emit(generation: Generation, rungId: string, unit: AccessUnit): void {
    if (unit.pts <= (this.#lastPts.get(rungId) ?? Number.NEGATIVE_INFINITY)) return;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#started.clear();
      const { number, reason, task } = generation;
      this.#listener.onGeneration({ number, reason, task, gap: this.gap });
      this.gap = false;
    }
    if (!this.#started.has(rungId)) {
      // Nothing can be decoded before it.
      if (!unit.keyframe) return;
      this.#started.add(rungId);
      this.#announceTrack(rungId, generation.tracks.get(rungId));
    }
    this.#lastPts.set(rungId, unit.pts);
    this.#listener.onUnit(rungId, unit);
  }

  #announceTrack(rungId: string, track: VideoTrack | undefined): void {
    if (track === undefined || sameTrack(track, this.#tracks.get(rungId))) return;
    this.#tracks.set(rungId, track);
    this.#listener.onTrack(rungId, track);
  }
}

function sameTrack(a: VideoTrack, b: VideoTrack | undefined): boolean {
  if (b === undefined || a.config.length !== b.config.length) return false;
  return (
    a.config.every((byte, index) => byte === b.config[index]) &&
    a.bitrateBps === b.bitrateBps &&
    a.frameRate === b.frameRate
  );
}
