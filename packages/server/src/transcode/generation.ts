import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { EncoderPreset } from './cost-model.ts';
import type { KeyframePolicy, Rung } from './rung.ts';
import type { TranscodeSupervisorOptions } from './supervisor-options.ts';
import { type TranscodeExit, type TranscodeProgress, TranscodeSession } from './transcode-session.ts';

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

/** Where in the source's time a generation begins; see `TranscodeSessionOptions`. */
export interface GenerationTiming {
  readonly epochMs?: number;
  readonly encodeFromMs?: ReadonlyMap<string, number>;
}

/** What a generation tells its supervisor. */
export interface GenerationListener {
  onUnit(generation: Generation, rungId: string, unit: AccessUnit): void;
  onProgress(generation: Generation, progress: TranscodeProgress): void;
  onExit(generation: Generation, exit: TranscodeExit): void;
}

/** Starts an FFmpeg; undefined, and a line in the log, when that is impossible (no encoder, too many children). */
export function launchGeneration(
  options: TranscodeSupervisorOptions,
  identity: Pick<Generation, 'number' | 'reason' | 'task' | 'replayed'>,
  timing: GenerationTiming,
  listener: GenerationListener,
): Generation | undefined {
  const { streamId, installation, children, cores, clock } = options;
  const log = options.log.child({ generation: identity.number });
  const { source, rungs, keyframes, preset } = identity.task;
  // The session calls back only after its constructor, from the event loop.
  const started: { generation?: Generation } = {};
  const use = (act: (generation: Generation) => void): void => {
    if (started.generation !== undefined) act(started.generation);
  };
  try {
    const session = new TranscodeSession({
      ...{ streamId, source, rungs, keyframes, installation, children, cores, clock, log },
      ...timing,
      ...(preset === undefined ? {} : { preset }),
      listener: {
        onTrack: (rungId, track) => use((generation) => generation.tracks.set(rungId, track)),
        onUnit: (rungId, unit) => use((generation) => listener.onUnit(generation, rungId, unit)),
        onProgress: (progress) => use((generation) => listener.onProgress(generation, progress)),
        onExit: (exit) => use((generation) => listener.onExit(generation, exit)),
      },
    });
    const aliveMs = clock.monotonicMs();
    started.generation = {
      ...identity,
      session,
      delivered: new Set(),
      tracks: new Map(),
      aliveMs,
      unanswered: 0,
    };
  } catch (error) {
    log.error({ error }, 'FFmpeg could not be started');
  }
  return started.generation;
}
