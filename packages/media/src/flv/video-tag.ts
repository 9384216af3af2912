import { need, readModEx, readMultitrackEntries, readMultitrackHeader, readS24 } from './enhanced-header.ts';
import { FlvFormatError } from './flv-format-error.ts';
import { fourCcNumber, readVideoFourCc, type VideoFourCc } from './fourcc.ts';

/** What every coded video tag says of itself. */
interface CodedVideoTag {
  readonly codec: VideoFourCc;
  /** True when the tag uses the enhanced header, false for the FLV 10.1 one. */
  readonly enhanced: boolean;
  /** Id within a multitrack tag; 0 for single-track tags. */
  readonly trackId: number;
  /** Further tracks of a multitrack tag, which are not reported. */
  readonly otherTrackIds: readonly number[];
}

/** A decoder configuration record: avcC, hvcC, av1C, vpcC, … */
export interface VideoConfigTag extends CodedVideoTag {
  readonly kind: 'config';
  readonly config: Uint8Array;
}

/** One coded picture. */
export interface VideoFramesTag extends CodedVideoTag {
  readonly kind: 'frames';
  /** The header's claim (FrameType 1); the NAL units decide in the end. */
  readonly keyframe: boolean;
  /** Presentation minus decode time, signed 24 bit; 0 for codecs without the field. */
  readonly compositionTimeMs: number;
  /** Nanoseconds to add to the presentation time, 0 … 999 999 (E-RTMP v2 ModEx). */
  readonly nanosecondOffset: number;
  readonly payload: Uint8Array;
}

/** The end of a sequence: nothing to decode. */
export interface VideoEndTag extends CodedVideoTag {
  readonly kind: 'end';
}

/** A video tag, FLV 10.1 §E.4.3 or enhanced RTMP v2, as far as we use it. */
export type VideoTag =
  | VideoConfigTag
  | VideoFramesTag
  | VideoEndTag
  /** AMF values, such as `colorInfo` (PacketTypeMetadata). */
  | { readonly kind: 'metadata'; readonly payload: Uint8Array }
  /** A client-side seek mark: 0 start, 1 end. */
  | { readonly kind: 'command'; readonly command: number }
  /** Well formed, but of a kind that nobody sends to a server; says which. */
  | { readonly kind: 'unsupported'; readonly description: string };

const NO_TRACKS: readonly number[] = [];
const FRAME_KEY = 1;
const FRAME_INTER = 2;
const FRAME_COMMAND = 5;
const LEGACY_AVC = 7;
/** Not in Adobe's table: the id that Chinese CDNs gave to HEVC before enhanced RTMP. */
const LEGACY_HEVC = 12;
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const SEQUENCE_END = 2;
const CODED_FRAMES_X = 3;
const METADATA = 4;
const MPEG2TS_SEQUENCE_START = 5;
const MULTITRACK = 6;

/** Parses the body of a video tag or RTMP video message; payloads are views. Throws FlvFormatError. */
export function parseVideoTag(bytes: Uint8Array): VideoTag {
  const first = need(bytes, 0);
  if ((first & 0x80) !== 0) return parseEnhanced(bytes, first);
  const frameType = first >> 4;
  if (frameType === FRAME_COMMAND) return { kind: 'command', command: need(bytes, 1) };
  const codecId = first & 0x0f;
  if (codecId !== LEGACY_AVC && codecId !== LEGACY_HEVC) {
    return { kind: 'unsupported', description: `FLV video CodecID ${codecId}` };
  }
  const codec = codecId === LEGACY_AVC ? 'avc1' : 'hvc1';
  const packetType = need(bytes, 1);
  const compositionTimeMs = readS24(bytes, 2);
  const common = { codec, enhanced: false, trackId: 0, otherTrackIds: NO_TRACKS } as const;
  switch (packetType) {
    case 0:
      return { kind: 'config', ...common, config: bytes.subarray(5) };
    case 1:
      return {
        kind: 'frames',
        codec,
        enhanced: false,
        trackId: 0,
        otherTrackIds: NO_TRACKS,
        keyframe: frameType === FRAME_KEY,
        compositionTimeMs,
        nanosecondOffset: 0,
        payload: bytes.subarray(5),
      };
    case 2:
      return { kind: 'end', ...common };
    default:
      throw new FlvFormatError(`AVCPacketType ${packetType} is unknown`);
  }
}

function parseEnhanced(bytes: Uint8Array, first: number): VideoTag {
  const frameType = (first >> 4) & 7;
  const modEx = readModEx(bytes, first & 0x0f, 1);
  if (frameType === FRAME_COMMAND && modEx.packetType !== METADATA) {
    return { kind: 'command', command: need(bytes, modEx.at) };
  }
  if (modEx.packetType !== MULTITRACK) {
    const codec = readVideoFourCc(bytes, modEx.at);
    const body = bytes.subarray(modEx.at + 4);
    return enhancedBody(modEx.packetType, frameType, modEx.nanosecondOffset, codec, 0, NO_TRACKS, body);
  }
  const header = readMultitrackHeader(bytes, modEx.at, readVideoFourCc);
  if (header.packetType === MULTITRACK)
    throw new FlvFormatError('multitrack video tag within a multitrack tag');
  const [track, ...others] = readMultitrackEntries(bytes, header, readVideoFourCc);
  if (track === undefined) throw new FlvFormatError('multitrack video tag without a track');
  const otherIds = others.length === 0 ? NO_TRACKS : others.map((other) => other.trackId);
  const offset = modEx.nanosecondOffset;
  return enhancedBody(header.packetType, frameType, offset, track.codec, track.trackId, otherIds, track.body);
}

function enhancedBody(
  packetType: number,
  frameType: number,
  nanosecondOffset: number,
  codec: VideoFourCc,
  trackId: number,
  otherTrackIds: readonly number[],
  body: Uint8Array,
): VideoTag {
  const common = { codec, enhanced: true, trackId, otherTrackIds } as const;
  switch (packetType) {
    case SEQUENCE_START:
      return { kind: 'config', ...common, config: body };
    case CODED_FRAMES:
    case CODED_FRAMES_X: {
      const hasTime = packetType === CODED_FRAMES && hasCompositionTime(codec);
      const compositionTimeMs = hasTime ? readS24(body, 0) : 0;
      const payload = hasTime ? body.subarray(3) : body;
      return {
        kind: 'frames',
        ...common,
        keyframe: frameType === FRAME_KEY,
        compositionTimeMs,
        nanosecondOffset,
        payload,
      };
    }
    case SEQUENCE_END:
      return { kind: 'end', ...common };
    case METADATA:
      return { kind: 'metadata', payload: body };
    case MPEG2TS_SEQUENCE_START:
      return { kind: 'unsupported', description: `MPEG-2 TS sequence start of ${codec}` };
    default:
      throw new FlvFormatError(`video packet type ${packetType} is unknown`);
  }
}

/** E-RTMP v2 "CodedFrames": only the codecs that reorder in the MP4 sense carry SI24 compositionTimeOffset. */
function hasCompositionTime(codec: VideoFourCc): boolean {
  return codec === 'avc1' || codec === 'hvc1' || codec === 'vvc1';
}

/**
 * Writes a video tag's body as pieces: our header, then the payload, not copied. The inverse of `parseVideoTag` for single-track
 * tags without nanosecond offset. Throws RangeError for what cannot be written: a composition time outside 24 bits,
 * a legacy tag of a codec without a CodecID.
 */
export function writeVideoTag(tag: VideoConfigTag | VideoFramesTag | VideoEndTag): Uint8Array[] {
  const frameType = tag.kind !== 'frames' || tag.keyframe ? FRAME_KEY : FRAME_INTER;
  const time = tag.kind === 'frames' ? tag.compositionTimeMs : 0;
  if (!Number.isInteger(time) || time < -0x80_0000 || time > 0x7f_ffff) {
    throw new RangeError(`composition time ${time} ms does not fit 24 bits`);
  }
  const payload = tag.kind === 'config' ? tag.config : tag.kind === 'frames' ? tag.payload : undefined;
  const header = tag.enhanced ? enhancedHeader(tag, frameType, time) : legacyHeader(tag, frameType, time);
  return payload === undefined ? [header] : [header, payload];
}

function legacyHeader(
  tag: VideoConfigTag | VideoFramesTag | VideoEndTag,
  frameType: number,
  time: number,
): Uint8Array {
  if (tag.codec !== 'avc1' && tag.codec !== 'hvc1')
    throw new RangeError(`FLV has no CodecID for ${tag.codec}`);
  const codecId = tag.codec === 'avc1' ? LEGACY_AVC : LEGACY_HEVC;
  const packetType = tag.kind === 'config' ? 0 : tag.kind === 'frames' ? 1 : 2;
  return Uint8Array.of((frameType << 4) | codecId, packetType, time >> 16, time >> 8, time);
}

function enhancedHeader(
  tag: VideoConfigTag | VideoFramesTag | VideoEndTag,
  frameType: number,
  time: number,
): Uint8Array {
  const timed = tag.kind === 'frames' && time !== 0;
  if (timed && !hasCompositionTime(tag.codec))
    throw new RangeError(`${tag.codec} tags carry no composition time`);
  const frames = timed || !hasCompositionTime(tag.codec) ? CODED_FRAMES : CODED_FRAMES_X;
  const packetType = tag.kind === 'config' ? SEQUENCE_START : tag.kind === 'end' ? SEQUENCE_END : frames;
  const fourCc = fourCcNumber(tag.codec);
  const head = [0x80 | (frameType << 4) | packetType, fourCc >>> 24, fourCc >>> 16, fourCc >>> 8, fourCc];
  return Uint8Array.from(timed ? [...head, time >> 16, time >> 8, time] : head, (byte) => byte & 0xff);
}
