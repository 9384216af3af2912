import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { EncoderPreset } from './cost-model.ts';
import type { KeyframePolicy, Rung } from './rung.ts';
import type { TranscodeSession } from './transcode-session.ts';

/** What to encode of which source. */
export interface TranscodeTask {
  readonly source: VideoTrack;
  /** Empty: nothing is encoded. */
  readonly rungs: readonly Rung[];
  readonly keyframes: KeyframePolicy;
  /** Default `veryfast`. */
  readonly preset?: EncoderPreset;
}

/** Why there is a new FFmpeg: the first one, one after a death, one for a new task. */
export type GenerationReason = 'start' | 'restart' | 'replan';

/** One FFmpeg of a stream, and what it has delivered that nobody was given yet. */
export interface Generation {
  readonly number: number;
  readonly reason: GenerationReason;
  readonly task: TranscodeTask;
  readonly session: TranscodeSession;
  /** Began with pictures of the past; a picture that kills decoders is then among them again. */
  readonly replayed: boolean;
  /** Rungs that have delivered a picture. */
  readonly delivered: Set<string>;
  readonly tracks: Map<string, VideoTrack>;
  /** Monotonic time of its last sign of life: a picture delivered, or the first written. */
  aliveMs: number;
  /** Units written and not yet answered by any picture since `aliveMs`. */
  unanswered: number;
}

/** One unit of a rung that waits for a switch-over to be decided. */
export interface HeldUnit {
  readonly rungId: string;
  readonly unit: AccessUnit;
}
