import { MILLISECONDS, rescale, ticks } from '@tallylight/media/time/ticks.ts';
import type { ChildExit, ChildProcesses } from '../../platform/child-process.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { AudioTrack } from '../../stream/track.ts';
import { type AudioTarget, audioArgs } from '../ffmpeg/audio-args.ts';
import type { FfmpegInstallation } from '../ffmpeg/installation.ts';
import { FfmpegProcess } from '../ffmpeg/process.ts';
import { AnswerWatch } from './answer-watch.ts';
import { encodedTrack, encoderDelaySamples } from './encoded-tracks.ts';
import { SampleClock } from './sample-clock.ts';
import { soundDemuxer } from './sound-demuxer.ts';
import { type SoundMuxer, soundMuxer } from './sound-muxer.ts';

/** How to start an `AudioSession`. */
export interface AudioSessionOptions {
  readonly track: AudioTrack;
  readonly target: AudioTarget;
  readonly installation: FfmpegInstallation;
  readonly children: ChildProcesses;
  readonly clock: Clock;
  readonly log: Logger;
  /** Units of the target's track, in milliseconds of the source's clock; never after `onExit`. */
  readonly onUnit: (unit: AccessUnit) => void;
  readonly onExit: (exit: ChildExit & { readonly reason?: string }) => void;
}

/** Input that may wait for FFmpeg, in bytes: four seconds of AAC at 128 kbit/s. Beyond it frames are dropped. */
const MAX_QUEUED_BYTES = 64 * 1024;

/** One FFmpeg's life: a track's frames go in, frames of the other codec come out, stamped by counting samples. */
export class AudioSession {
  readonly #muxer: SoundMuxer;
  readonly #process: FfmpegProcess;
  readonly #samples: SampleClock;
  readonly #clock: Clock;
  readonly #track: AudioTrack;
  readonly #onUnit: (unit: AccessUnit) => void;
  readonly #output: AudioTrack;
  readonly #answers = new AnswerWatch();
  /** Samples of the output so far, the encoder's delay counted as negative time. */
  #outSamples: number;
  #lastPtsMs = Number.NEGATIVE_INFINITY;
  /** Time on the child's own clock. */
  #childMs = 0;
  #exited = false;

  /** Starts FFmpeg at once. Throws RangeError when too many children run, CodecFormatError for an unreadable configuration. */
  constructor(options: AudioSessionOptions) {
    this.#track = options.track;
    this.#clock = options.clock;
    this.#onUnit = options.onUnit;
    this.#muxer = soundMuxer(options.track);
    this.#samples = new SampleClock(this.#muxer.holeMs);
    this.#output = encodedTrack(options.target);
    this.#outSamples = -encoderDelaySamples(options.target);
    const demuxer = soundDemuxer(options.target, (payload) => this.#deliver(payload));
    this.#process = new FfmpegProcess({
      installation: options.installation,
      args: audioArgs(options.target),
      outputs: 1,
      children: options.children,
      clock: options.clock,
      log: options.log,
      // So little work that waiting for the pictures' encoders would be the longest part of it.
      nice: 0,
      listener: {
        onOutput: (_, bytes) => demuxer.push(bytes),
        onProgress: () => {},
        onExit: (exit) => {
          this.#exited = true;
          options.onExit(exit);
        },
      },
    });
    this.#process.write(this.#muxer.header());
  }

  /** Process id of its FFmpeg. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Gives FFmpeg one frame, and what stands in for those lost before it. */
  write(unit: AccessUnit): void {
    const durationSec = this.#muxer.durationSec(unit.payload);
    if (durationSec === undefined || this.#process.queuedBytes > MAX_QUEUED_BYTES) return;
    if (this.#answers.asked(this.#clock.monotonicMs())) this.#process.kill('it takes sound and gives none');
    const filler = this.#muxer.filler();
    const fillerSec = filler && this.#muxer.durationSec(filler);
    const ptsMs = rescale(unit.pts, this.#track.timescale, MILLISECONDS) - this.#muxer.leadMs;
    const lost = this.#samples.place({ ptsMs, durationSec, fillerSec });
    if (lost === undefined) return;
    if (filler !== undefined && fillerSec !== undefined)
      for (let count = 0; count < lost; count++) this.#send(filler, fillerSec);
    this.#send(unit.payload, durationSec);
  }

  /** No more input: FFmpeg delivers what it has and exits. */
  end(): void {
    this.#process.end();
  }

  /** Kills FFmpeg; idempotent. */
  kill(reason: string): void {
    if (!this.#exited) this.#process.kill(reason);
  }

  #send(payload: Uint8Array, durationSec: number): void {
    this.#process.write(this.#muxer.frame(payload, this.#childMs));
    this.#childMs += durationSec * 1000;
  }

  #deliver(payload: Uint8Array): void {
    if (this.#exited) return;
    this.#answers.answered();
    const startSec = this.#outSamples / this.#output.sampleRate;
    this.#outSamples += this.#output.samplesPerFrame;
    // What lies before the first sound is the encoder's own.
    if (startSec < -0.5 * (this.#output.samplesPerFrame / this.#output.sampleRate)) return;
    const ptsMs = Math.max(Math.round(this.#samples.toMs(startSec)), this.#lastPtsMs + 1);
    this.#lastPtsMs = ptsMs;
    this.#onUnit({ kind: 'audio', pts: ticks(ptsMs), dts: ticks(ptsMs), keyframe: true, payload });
  }
}
