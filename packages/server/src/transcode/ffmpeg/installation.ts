import type { Logger } from '../../platform/logger.ts';
import type { EncoderName } from './args.ts';
import { probeFfmpeg } from './probe.ts';
import type { Sandbox } from './sandbox.ts';

/** The FFmpeg of this machine: what it is and what it can do. */
export interface FfmpegInstallation {
  /** Absolute path, or a name to be found on PATH. */
  readonly path: string;
  /** As it calls itself, such as `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** The encoder to use: the first that really encoded a picture here; absent when none did. */
  readonly encoder?: EncoderName;
  readonly sandbox: Sandbox;
}

/** How to find FFmpeg. */
export interface FfmpegOptions {
  /** FFMPEG_PATH. Default: `ffmpeg` on PATH. */
  readonly path?: string;
  /** TALLYLIGHT_ENCODER: use this encoder and try no other. Default: hardware first, then libx264. */
  readonly encoder?: EncoderName;
}

/** Looks for FFmpeg once, in the background, so that neither the server's start nor the first publisher waits for it twice. */
export class Ffmpeg {
  readonly #options: FfmpegOptions;
  readonly #log: Logger;
  #probe: Promise<FfmpegInstallation> | undefined;

  constructor(options: FfmpegOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  /** Starts the probe or joins the one that runs. Rejects with FfmpegMissingError; the next call then tries again. */
  installation(): Promise<FfmpegInstallation> {
    this.#probe ??= this.#run();
    return this.#probe;
  }

  async #run(): Promise<FfmpegInstallation> {
    try {
      const found = await probeFfmpeg(this.#options);
      this.#log.info(
        { ffmpeg: found.version, encoder: found.encoder, sandbox: found.sandbox },
        'FFmpeg found',
      );
      return found;
    } catch (error) {
      this.#probe = undefined;
      throw error;
    }
  }
}
