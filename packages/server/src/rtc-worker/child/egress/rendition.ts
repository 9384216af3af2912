import { parseAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { joinNalUnits } from '@tallylight/media/codecs/nal/length-prefixed.ts';
import type { VideoTrack } from '../../../stream/track.ts';
import { Picture } from './picture.ts';

/** A GOP that is larger is not kept, in bytes: replaying it would take seconds. */
const MAX_GOP_BYTES = 16 * 1024 * 1024;
/** An interval of 20 pictures a second: further the stream's time is not guessed ahead of its latest picture. */
const MAX_AHEAD_MS = 50;
/** Nobody shares a screen with fewer pictures: without one for so long, in milliseconds, the publisher is away. */
const STILL_MS = 1500;

/** One H.264 rendition of a feed: packetises its pictures and keeps those since the last IDR, for viewers that begin. */
export class Rendition {
  /** Number of the track in the unit frames of the protocol. */
  readonly number: number;
  #track: VideoTrack;
  #bitrateBps: number;
  /** SPS and PPS, each behind a length, to go before each IDR: units come without them. */
  #parameterSets: Uint8Array;
  #gop: Picture[] = [];
  #gopBytes = 0;
  /** No picture may go out before an IDR with the present parameter sets. */
  #needsKeyframe = true;
  #latest: Picture | undefined;

  /** Throws CodecFormatError for a configuration that is no avcC. */
  constructor(number: number, track: VideoTrack, bitrateBps: number) {
    this.number = number;
    this.#track = track;
    this.#bitrateBps = bitrateBps;
    this.#parameterSets = parameterSetsOf(track);
  }

  /** RFC 6381 string, such as `avc1.64001f`. */
  get codecString(): string {
    return this.#track.codecString;
  }

  /** What the choice of a rendition goes by. */
  get bitrateBps(): number {
    return this.#bitrateBps;
  }

  /** The pictures since the last IDR, which is first; empty when there are none, or too many bytes of them. */
  get gop(): readonly Picture[] {
    return this.#gop;
  }

  /**
   * Stream time that a picture would have which came at `nowMs`: goes on from the latest picture, and stands still when none follows.
   */
  edgeMs(nowMs: number): number {
    if (this.#latest === undefined) return 0;
    return this.#latest.ms + Math.min(MAX_AHEAD_MS, Math.max(0, nowMs - this.#latest.arrivedMs));
  }

  /** True while pictures come: the publisher is there. */
  isFlowing(nowMs: number): boolean {
    return this.#latest !== undefined && nowMs - this.#latest.arrivedMs < STILL_MS;
  }

  /** New parameters: playing goes on at the IDR that follows, or at once when only the bit rate is another. Throws CodecFormatError. */
  reset(track: VideoTrack, bitrateBps: number): void {
    const parameterSets = parameterSetsOf(track);
    this.#track = track;
    this.#bitrateBps = bitrateBps;
    if (Buffer.compare(parameterSets, this.#parameterSets) === 0) return;
    this.#parameterSets = parameterSets;
    this.#needsKeyframe = true;
    this.#forget();
  }

  /** Packetises a picture and keeps it; undefined for one that nobody could decode. Throws CodecFormatError for a malformed one. */
  take(
    { ms, keyframe, payload }: { ms: number; keyframe: boolean; payload: Uint8Array },
    nowMs: number,
  ): Picture | undefined {
    if (keyframe) this.#needsKeyframe = false;
    else if (this.#needsKeyframe) return undefined;
    const sample = keyframe ? withParameterSets(this.#parameterSets, payload) : payload;
    const picture = new Picture({ ms, keyframe, sample, arrivedMs: nowMs });
    if (picture.isEmpty) return undefined;
    this.#latest = picture;
    this.#keep(picture);
    return picture;
  }

  #keep(picture: Picture): void {
    if (picture.keyframe) this.#forget();
    else if (this.#gop.length === 0) return;
    this.#gopBytes += picture.bytes;
    if (this.#gopBytes > MAX_GOP_BYTES) this.#forget();
    else this.#gop.push(picture);
  }

  /** A new array, never an emptied one: viewers that replay hold the old one. */
  #forget(): void {
    this.#gop = [];
    this.#gopBytes = 0;
  }
}

function parameterSetsOf(track: VideoTrack): Uint8Array {
  const { spsNals, ppsNals } = parseAvcConfig(track.config);
  return joinNalUnits([...spsNals, ...ppsNals]);
}

function withParameterSets(parameterSets: Uint8Array, payload: Uint8Array): Uint8Array {
  const sample = new Uint8Array(parameterSets.length + payload.length);
  sample.set(parameterSets);
  sample.set(payload, parameterSets.length);
  return sample;
}
