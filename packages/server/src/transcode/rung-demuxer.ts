import { avcCodecString, parseAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { parseH264Sps } from '@tallylight/media/codecs/h264/sps.ts';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import { parseVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { MILLISECONDS, ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { Rung } from './rung.ts';

/** Reads one rung's FLV back into a track and its access units, in milliseconds of the source's clock. */
export class RungDemuxer {
  readonly #reader: FlvReader;
  readonly #rung: Rung;
  readonly #frameRate: number;
  readonly #epochMs: () => number;
  readonly #onTrack: (track: VideoTrack) => void;
  readonly #onUnit: (unit: AccessUnit) => void;

  /** `epochMs` is added to FFmpeg's timestamps. */
  constructor(options: {
    readonly rung: Rung;
    readonly frameRate: number;
    readonly epochMs: () => number;
    readonly onTrack: (track: VideoTrack) => void;
    readonly onUnit: (unit: AccessUnit) => void;
  }) {
    this.#rung = options.rung;
    this.#frameRate = options.frameRate;
    this.#epochMs = options.epochMs;
    this.#onTrack = options.onTrack;
    this.#onUnit = options.onUnit;
    this.#reader = new FlvReader((tag) => {
      if (tag.type === 'video') this.#video(tag.body, tag.timestampMs);
    });
  }

  /** Takes the next piece. Throws FlvFormatError or CodecFormatError. */
  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  #video(body: Uint8Array, timestampMs: number): void {
    const tag = parseVideoTag(body);
    if (tag.kind === 'config') {
      this.#onTrack(this.#track(tag.config.slice()));
    } else if (tag.kind === 'frames') {
      const dts = timestampMs + this.#epochMs();
      const pts = dts + tag.compositionTimeMs;
      this.#onUnit({
        kind: 'video',
        pts: ticks(pts),
        dts: ticks(dts),
        keyframe: tag.keyframe,
        payload: tag.payload,
      });
    }
  }

  #track(config: Uint8Array): VideoTrack {
    const avc = parseAvcConfig(config);
    const [spsNal] = avc.spsNals;
    const size = spsNal === undefined ? this.#rung : parseH264Sps(spsNal);
    return {
      kind: 'video',
      codec: 'h264',
      codecString: avcCodecString(avc),
      timescale: MILLISECONDS,
      width: size.width,
      height: size.height,
      frameRate: this.#frameRate / this.#rung.everyNth,
      bitrateBps: this.#rung.bitrateBps,
      config,
    };
  }
}
