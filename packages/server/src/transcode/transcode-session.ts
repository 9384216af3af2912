import { MILLISECONDS, rescale, type Ticks } from '@tallylight/media/time/ticks.ts';
import type { ChildExit, ChildProcesses } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { EncoderPreset } from './cost-model.ts';
import { type FfmpegJob, isHardwareEncoder, transcodeArgs } from './ffmpeg/args.ts';
import { cpuSeconds } from './ffmpeg/cpu-usage.ts';
import type { FfmpegInstallation } from './ffmpeg/installation.ts';
import { FfmpegProcess } from './ffmpeg/process.ts';
import type { FfmpegProgress } from './ffmpeg/progress.ts';
import { DEFAULT_SANDBOX_LIMITS } from './ffmpeg/sandbox.ts';
import type { KeyframePolicy, Rung } from './rung.ts';
import { RungDemuxer } from './rung-demuxer.ts';
import { type SourceMuxer, sourceMuxer } from './source-muxer.ts';
import { Throughput, type ThroughputReport } from './throughput.ts';

/** How one FFmpeg fares, about twice a second. */
export interface TranscodeProgress extends ThroughputReport {
  /** Source pictures that were not given to FFmpeg because it did not take them, so far. */
  readonly skippedUnits: number;
  /** Pictures that FFmpeg dropped by itself, so far. */
  readonly droppedFrames: number;
  /** Cores that it took since the last report; absent where it cannot be measured. */
  readonly cpuCores?: number;
}

/** How one FFmpeg ended. */
export interface TranscodeExit extends ChildExit {
  /** Why we killed it, or why it could not start. */
  readonly reason?: string;
  readonly stderrTail: readonly string[];
}

/** What a `TranscodeSession` calls back; never after `onExit`. */
export interface TranscodeSessionListener {
  /** Before the rung's first unit. */
  onTrack(rungId: string, track: VideoTrack): void;
  /** Timescale 1000; the PTS is the source's, to the millisecond. */
  onUnit(rungId: string, unit: AccessUnit): void;
  onProgress(progress: TranscodeProgress): void;
  onExit(exit: TranscodeExit): void;
}

/** How to start a `TranscodeSession`. */
export interface TranscodeSessionOptions {
  readonly streamId: string;
  readonly source: VideoTrack;
  readonly rungs: readonly Rung[];
  readonly keyframes: KeyframePolicy;
  /**
   * First PTS to encode in each rung, in source milliseconds; pictures before it are decoded only. Default: all. Only for keyframes
   * of the source: forced ones start at `fromPtsMs` in every rung.
   */
  readonly encodeFromMs?: ReadonlyMap<string, number>;
  /** Time that FFmpeg sees as 5000 ms, in source milliseconds: at most 12 days before the first unit's DTS. Default: that DTS. */
  readonly epochMs?: number;
  /** Default `veryfast`. */
  readonly preset?: EncoderPreset;
  readonly installation: FfmpegInstallation;
  readonly children: ChildProcesses;
  /** Cores of the machine. */
  readonly cores: number;
  /** Input that may wait for FFmpeg, in bytes; beyond it pictures are skipped to the next keyframe. Default 8 MiB. */
  readonly maxQueueBytes?: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly listener: TranscodeSessionListener;
}

/** `written`, or skipped: nothing can be decoded before a keyframe, or FFmpeg does not take what it has. */
export type WriteResult = 'written' | 'awaiting-keyframe' | 'full';

/** Room below the first DTS: leading pictures may have a smaller PTS, and neither FLV nor Matroska has negative times. */
const HEADROOM_MS = 5000;
const ASSUMED_FPS = 30;
const DEFAULT_QUEUE_BYTES = 8 * 1024 * 1024;

/** One FFmpeg's life: source pictures go in, each rung's pictures come out with the same PTS. */
export class TranscodeSession {
  readonly #options: TranscodeSessionOptions;
  readonly #muxer: SourceMuxer;
  readonly #process: FfmpegProcess;
  readonly #throughput: Throughput;
  readonly #maxQueueBytes: number;
  readonly #exited: Promise<void>;
  #epochMs: number | undefined;
  #firstPtsMs: number | undefined;
  #awaitingKeyframe = true;
  #skippedUnits = 0;
  #primedBytes = 0;
  #cpu: { atMs: number; seconds: number } | undefined;
  #hasExited = false;

  /** Starts FFmpeg at once; it waits for the first unit. Throws RangeError for a codec, a time or a number of children that cannot be. */
  constructor(options: TranscodeSessionOptions) {
    this.#options = options;
    const needsEpoch = options.keyframes.mode === 'forced' || options.encodeFromMs !== undefined;
    if (needsEpoch && options.epochMs === undefined) throw new RangeError('forced keyframes need epochMs');
    if (options.installation.encoder === undefined)
      throw new RangeError('no H.264 encoder works on this machine');
    this.#epochMs = options.epochMs === undefined ? undefined : options.epochMs - HEADROOM_MS;
    this.#maxQueueBytes = options.maxQueueBytes ?? DEFAULT_QUEUE_BYTES;
    this.#throughput = new Throughput(options.rungs.map((rung) => rung.id));
    const frameRate = options.source.frameRate ?? ASSUMED_FPS;
    this.#muxer = sourceMuxer(options.source, frameRate);
    const demuxers = options.rungs.map((rung) => this.#demuxer(rung, frameRate));
    const encoder = options.installation.encoder;
    const ended = Promise.withResolvers<void>();
    this.#exited = ended.promise;
    this.#process = new FfmpegProcess({
      installation: options.installation,
      args: transcodeArgs(this.#job(encoder, frameRate)),
      outputs: options.rungs.length,
      children: options.children,
      clock: options.clock,
      log: options.log,
      ...(isHardwareEncoder(encoder)
        ? { limits: { ...DEFAULT_SANDBOX_LIMITS, maxAddressSpaceBytes: 0 } }
        : {}),
      listener: {
        onOutput: (index, bytes) => demuxers[index]?.push(bytes),
        onProgress: (progress) => void this.#progress(progress),
        onExit: (exit) => {
          this.#hasExited = true;
          ended.resolve();
          options.listener.onExit(exit);
        },
      },
    });
    this.#process.write(this.#muxer.header());
  }

  /** Process id of its FFmpeg. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** PTS of its first picture in source milliseconds; undefined before that. */
  get firstPtsMs(): number | undefined {
    return this.#firstPtsMs;
  }

  /** Bytes that may still be written before pictures are skipped. */
  get writableBytes(): number {
    return Math.max(0, this.#maxQueueBytes - this.#process.queuedBytes);
  }

  /** True while pictures are skipped because FFmpeg does not take them. */
  get needsDrain(): boolean {
    return this.#awaitingKeyframe && this.#skippedUnits > 0;
  }

  /** Gives FFmpeg one picture, in decode order, from a keyframe on. */
  write(unit: AccessUnit): WriteResult {
    if (this.#awaitingKeyframe && !unit.keyframe) {
      if (this.#epochMs !== undefined) this.#skippedUnits++;
      return 'awaiting-keyframe';
    }
    const queued = this.#process.queuedBytes;
    if (queued <= this.#maxQueueBytes) this.#primedBytes = 0;
    // After a stop it must have taken half before it gets more, or it would stop again at once.
    const limit =
      this.#awaitingKeyframe && this.#skippedUnits > 0 ? this.#maxQueueBytes / 2 : this.#maxQueueBytes;
    if (queued > limit + this.#primedBytes) {
      this.#awaitingKeyframe = true;
      this.#skippedUnits++;
      return 'full';
    }
    this.#send(unit);
    return 'written';
  }

  /** Gives FFmpeg pictures of the past, from a keyframe on, whatever their size: for a session that takes over from another. */
  prime(units: readonly AccessUnit[]): void {
    for (const unit of units) if (!this.#awaitingKeyframe || unit.keyframe) this.#send(unit);
    this.#primedBytes = this.#process.queuedBytes;
  }

  /** No more input: FFmpeg delivers what it has and exits. */
  end(): void {
    this.#process.end();
  }

  /** Kills FFmpeg and waits for its end; idempotent. */
  async close(reason = 'closed'): Promise<void> {
    if (!this.#hasExited) this.#process.kill(reason);
    await this.#exited;
  }

  #send(unit: AccessUnit): void {
    this.#awaitingKeyframe = false;
    const ptsMs = this.#toMs(unit.pts);
    const dtsMs = this.#toMs(unit.dts);
    this.#epochMs ??= dtsMs - HEADROOM_MS;
    this.#firstPtsMs ??= ptsMs;
    this.#throughput.wrote(ptsMs);
    this.#process.write(this.#muxer.picture(unit, ptsMs - this.#epochMs, dtsMs - this.#epochMs));
  }

  #toMs(value: Ticks): number {
    return rescale(value, this.#options.source.timescale, MILLISECONDS);
  }

  #job(encoder: FfmpegJob['encoder'], frameRate: number): FfmpegJob {
    const { rungs, keyframes } = this.#options;
    const epochMs = this.#epochMs ?? 0;
    const starts =
      keyframes.mode === 'forced'
        ? new Map(rungs.map((rung) => [rung.id, keyframes.fromPtsMs]))
        : this.#options.encodeFromMs;
    const encodeFromMs = starts && new Map([...starts].map(([id, fromMs]) => [id, fromMs - epochMs]));
    return {
      input: this.#muxer.format,
      rungs,
      keyframes:
        keyframes.mode === 'source'
          ? keyframes
          : { mode: 'forced', fromMs: keyframes.fromPtsMs - epochMs, everyMs: keyframes.everyMs },
      ...(encodeFromMs === undefined ? {} : { encodeFromMs }),
      encoder,
      preset: this.#options.preset ?? 'veryfast',
      frameRate,
      cores: this.#options.cores,
    };
  }

  #demuxer(rung: Rung, frameRate: number): RungDemuxer {
    const { listener } = this.#options;
    return new RungDemuxer({
      rung,
      frameRate,
      epochMs: () => this.#epochMs ?? 0,
      onTrack: (track) => listener.onTrack(rung.id, track),
      onUnit: (unit) => {
        this.#throughput.delivered(rung.id, unit.pts);
        listener.onUnit(rung.id, unit);
      },
    });
  }

  async #progress(progress: FfmpegProgress): Promise<void> {
    const { pid } = this.#process;
    const seconds = pid === undefined ? undefined : await cpuSeconds(pid);
    const nowMs = this.#options.clock.monotonicMs();
    const report = this.#throughput.report(nowMs);
    const before = this.#cpu;
    this.#cpu = seconds === undefined ? undefined : { atMs: nowMs, seconds };
    if (report === undefined || this.#hasExited) return;
    const measurable = before !== undefined && seconds !== undefined && nowMs > before.atMs;
    this.#options.listener.onProgress({
      ...report,
      skippedUnits: this.#skippedUnits,
      droppedFrames: progress.droppedFrames ?? 0,
      ...(measurable ? { cpuCores: ((seconds - before.seconds) * 1000) / (nowMs - before.atMs) } : {}),
    });
  }
}
