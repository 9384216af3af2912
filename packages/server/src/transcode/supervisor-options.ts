import type { ChildProcesses } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { FfmpegInstallation } from './ffmpeg/installation.ts';
import type { TranscodeTask } from './generation.ts';
import type { RestartLimits } from './restart-policy.ts';
import type { RungListener } from './rung-outlet.ts';
import type { TranscodeProgress } from './transcode-session.ts';

/** What a `TranscodeSupervisor` calls back. */
export interface TranscodeListener extends RungListener {
  onProgress(progress: TranscodeProgress): void;
  /** It has been too slow for 8 s: `replan` with less. */
  onOverload(progress: TranscodeProgress): void;
  /** A replan came to nothing and the old task goes on. */
  onReplanFailed(reason: string): void;
  /** FFmpeg died too often: nothing more is delivered unless `replan` is called. */
  onDegraded(reason: string): void;
}

/** How to start a `TranscodeSupervisor`. */
export interface TranscodeSupervisorOptions {
  readonly streamId: string;
  readonly task: TranscodeTask;
  readonly installation: FfmpegInstallation;
  readonly children: ChildProcesses;
  /** Cores of the machine. */
  readonly cores: number;
  readonly clock: Clock;
  /** Bound to the stream. */
  readonly log: Logger;
  readonly listener: TranscodeListener;
  readonly restarts?: RestartLimits;
  /** Input that goes unanswered for so long means that FFmpeg hangs. Default 8000. */
  readonly hangMs?: number;
  /** How long a new FFmpeg may take to its first pictures in a replan. Default 5000. */
  readonly replanTimeoutMs?: number;
}
