import { silentTrack } from '../packager/silent-track.ts';
import type { Logger } from '../platform/logger.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { AudioTrack } from '../stream/track.ts';
import { AudioEncoder, type AudioEncoderServices, sameSound } from '../transcode/audio/audio-encoder.ts';
import { encodedTrack } from '../transcode/audio/encoded-tracks.ts';

/** The track that HLS viewers get for a source's: AAC as it comes, AAC encoded from Opus, or silence, which is AAC of the same kind. */
export function presentedTrack(source: AudioTrack | undefined): AudioTrack {
  if (source === undefined) return silentTrack;
  return source.codec === 'aac' ? source : encodedTrack('aac');
}

/** The way of one publisher's sound to the HLS viewers: AAC passes, Opus goes through an encoder and comes out about 60 ms later. */
export class PresentedSound {
  readonly #services: AudioEncoderServices | undefined;
  readonly #log: Logger;
  readonly #onUnit: (unit: AccessUnit) => void;
  #encoder: AudioEncoder | undefined;
  #source: AudioTrack | undefined;
  #passes = false;

  /** @param options `services` undefined: there is no encoder, Opus is not heard. */
  constructor(options: {
    readonly services: AudioEncoderServices | undefined;
    readonly log: Logger;
    /** Units of the presented track. */
    readonly onUnit: (unit: AccessUnit) => void;
  }) {
    this.#services = options.services;
    this.#log = options.log;
    this.#onUnit = options.onUnit;
  }

  /** The source's track or its new parameters. */
  setTrack(track: AudioTrack): void {
    if (this.#source !== undefined && sameSound(track, this.#source)) return;
    this.#source = track;
    this.#encoder?.end();
    this.#encoder = undefined;
    this.#passes = track.codec === 'aac';
    if (this.#passes) return;
    if (this.#services === undefined) {
      this.#log.warn(
        { codec: track.codec },
        'this sound cannot be served without FFmpeg: viewers get silence',
      );
      return;
    }
    const encoder: AudioEncoder = new AudioEncoder({
      ...this.#services,
      track,
      target: 'aac',
      log: this.#log,
      onUnit: (unit) => {
        if (encoder === this.#encoder) this.#onUnit(unit);
      },
    });
    this.#encoder = encoder;
  }

  /** Takes a frame of the source. */
  write(unit: AccessUnit): void {
    if (this.#passes) this.#onUnit(unit);
    else this.#encoder?.write(unit);
  }

  /** The publisher is gone: what the encoder holds still comes out. */
  end(): void {
    this.#encoder?.end();
  }

  /** Stops at once; idempotent. */
  close(): void {
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#passes = false;
  }

  /** For metrics and tests; undefined where nothing is encoded. */
  dump(): object | undefined {
    return this.#encoder?.dump();
  }
}
