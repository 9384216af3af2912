import { equalBytes } from '@tallylight/media/bytes/concat.ts';
import { type ChildProcesses, TooManyChildrenError } from '../../platform/child-process.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { AudioTrack } from '../../stream/track.ts';
import type { AudioTarget } from '../ffmpeg/audio-args.ts';
import type { Ffmpeg, FfmpegInstallation } from '../ffmpeg/installation.ts';
import { RestartPolicy } from '../restart-policy.ts';
import { AudioSession } from './audio-session.ts';
import { encodedTrack } from './encoded-tracks.ts';

/** What all audio encoders of a server share. */
export interface AudioEncoderServices {
  readonly ffmpeg: Pick<Ffmpeg, 'installation'>;
  readonly children: ChildProcesses;
  readonly clock: Clock;
}

/** How to start an `AudioEncoder`. */
export interface AudioEncoderOptions extends AudioEncoderServices {
  /** The source's track: AAC for Opus, Opus for AAC. */
  readonly track: AudioTrack;
  readonly target: AudioTarget;
  /** Bound to the stream. */
  readonly log: Logger;
  /** Units of `AudioEncoder.track`, on the source's clock in milliseconds; never after `close`. */
  readonly onUnit: (unit: AccessUnit) => void;
}

/** True when an encoder of one track can go on with the other. */
export function sameSound(a: AudioTrack, b: AudioTrack): boolean {
  return a.codec === b.codec && a.sampleRate === b.sampleRate && equalBytes(a.config, b.config);
}

/** Frames kept while FFmpeg is looked for: two seconds of Opus. */
const MAX_EARLY_UNITS = 100;
/** After `end` FFmpeg gets this long, in milliseconds, to deliver what it holds. */
const FLUSH_MS = 1000;
/** When it died too often it is left alone for so long, in milliseconds. */
const GIVEN_UP_MS = 60_000;

/**
 * Turns a stream's sound from Opus into AAC or the other way round, by an FFmpeg of its own that is started again when it dies.
 * Time is kept by counting samples: what comes out is stamped with the moment it is to be heard, to the millisecond.
 */
export class AudioEncoder {
  /** The track that comes out; known before the first sound. */
  readonly track: AudioTrack;
  readonly #options: AudioEncoderOptions;
  readonly #policy = new RestartPolicy();
  #installation: FfmpegInstallation | undefined;
  #session: AudioSession | undefined;
  #early: AccessUnit[] | undefined = [];
  #timer: NodeJS.Timeout | undefined;
  #units = 0;
  #restarts = 0;
  #state: 'running' | 'ending' | 'closed' = 'running';

  /** Starts FFmpeg as soon as it is found, so that it is ready when sound comes. */
  constructor(options: AudioEncoderOptions) {
    this.#options = options;
    this.track = encodedTrack(options.target);
    options.ffmpeg.installation().then(
      (installation) => {
        this.#installation = installation;
        this.#start();
      },
      (error: unknown) => options.log.warn({ error }, 'there is no working FFmpeg: the stream has no sound'),
    );
  }

  /** Takes one frame of the source. What comes while FFmpeg is away is lost, and leaves a hole of the same length. */
  write(unit: AccessUnit): void {
    if (this.#state !== 'running') return;
    if (this.#session !== undefined) this.#session.write(unit);
    else if (this.#early !== undefined && this.#early.push(unit) > MAX_EARLY_UNITS) this.#early.shift();
  }

  /** No more sound: what FFmpeg holds still comes out for a second, then it goes. Idempotent. */
  end(): void {
    if (this.#state !== 'running') return;
    this.#state = 'ending';
    clearTimeout(this.#timer);
    this.#session?.end();
    this.#timer = setTimeout(() => this.close(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Stops at once; idempotent. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#early = undefined;
    this.#session?.kill('closed');
    this.#session = undefined;
  }

  /** What it does, for metrics and tests. */
  dump(): {
    readonly target: AudioTarget;
    readonly pid: number | undefined;
    readonly units: number;
    readonly restarts: number;
  } {
    const { target } = this.#options;
    return { target, pid: this.#session?.pid, units: this.#units, restarts: this.#restarts };
  }

  #start(): void {
    const installation = this.#installation;
    if (this.#state !== 'running' || installation === undefined) return;
    const { track, target, children, clock, log } = this.#options;
    const early = this.#early ?? [];
    this.#early = undefined;
    try {
      const session: AudioSession = new AudioSession({
        ...{ track, target, installation, children, clock, log },
        onUnit: (unit) => {
          if (this.#state === 'closed' || this.#session !== session) return;
          this.#units += 1;
          this.#options.onUnit(unit);
        },
        onExit: (exit) => {
          if (this.#session !== session) return;
          this.#session = undefined;
          if (this.#state === 'running') this.#died(exit);
        },
      });
      this.#session = session;
      for (const unit of early) session.write(unit);
    } catch (error) {
      if (error instanceof TooManyChildrenError || this.#restarts > 0) this.#died({ reason: String(error) });
      else log.error({ error }, 'this sound cannot be encoded');
    }
  }

  #died(exit: object): void {
    const delayMs = this.#policy.died(this.#options.clock.monotonicMs());
    if (delayMs === undefined) {
      this.#options.log.error(
        { ...exit },
        'the sound’s FFmpeg died too often: it is left alone for a minute',
      );
      this.#policy.reset();
    } else this.#options.log.warn({ ...exit }, 'the sound’s FFmpeg died');
    this.#restarts += 1;
    this.#timer = setTimeout(() => this.#start(), delayMs ?? GIVEN_UP_MS);
    this.#timer.unref();
  }
}
