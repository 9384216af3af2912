import { need, readModEx, readMultitrackEntries, readMultitrackHeader } from './enhanced-header.ts';
import { FlvFormatError } from './flv-format-error.ts';
import { type AudioFourCc, fourCcNumber, readAudioFourCc } from './fourcc.ts';

/** What every coded audio tag says of itself. */
interface CodedAudioTag {
  readonly codec: AudioFourCc;
  /** True when the tag uses the enhanced header, false for the FLV 10.1 one. */
  readonly enhanced: boolean;
  /** Id within a multitrack tag; 0 for single-track tags. */
  readonly trackId: number;
  /** Further tracks of a multitrack tag, which are not reported. */
  readonly otherTrackIds: readonly number[];
}

/** A decoder configuration: AudioSpecificConfig, OpusHead, … */
export interface AudioConfigTag extends CodedAudioTag {
  readonly kind: 'config';
  readonly config: Uint8Array;
}

/** One coded audio frame. */
export interface AudioFramesTag extends CodedAudioTag {
  readonly kind: 'frames';
  /** Nanoseconds to add to the presentation time, 0 … 999 999 (E-RTMP v2 ModEx). */
  readonly nanosecondOffset: number;
  readonly payload: Uint8Array;
}

/** The end of a sequence: nothing to decode. */
export interface AudioEndTag extends CodedAudioTag {
  readonly kind: 'end';
}

/** An audio tag, FLV 10.1 §E.4.2 or enhanced RTMP v2, as far as we use it. */
export type AudioTag =
  | AudioConfigTag
  | AudioFramesTag
  | AudioEndTag
  /** Channel order and mapping (AudioPacketType MultichannelConfig). */
  | { readonly kind: 'multichannel'; readonly payload: Uint8Array }
  /** Well formed, but of a codec that no current publisher sends; says which. */
  | { readonly kind: 'unsupported'; readonly description: string };

const NO_TRACKS: readonly number[] = [];
const LEGACY_MP3 = 2;
const LEGACY_AAC = 10;
const LEGACY_MP3_8K = 14;
const ENHANCED = 9;
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const SEQUENCE_END = 2;
const MULTICHANNEL_CONFIG = 4;
const MULTITRACK = 5;

/** Parses the body of an audio tag or RTMP audio message; payloads are views. Throws FlvFormatError. */
export function parseAudioTag(bytes: Uint8Array): AudioTag {
  const first = need(bytes, 0);
  const format = first >> 4;
  switch (format) {
    case ENHANCED:
      return parseEnhanced(bytes, first);
    case LEGACY_AAC: {
      const packetType = need(bytes, 1);
      if (packetType > 1) throw new FlvFormatError(`AACPacketType ${packetType} is unknown`);
      const payload = bytes.subarray(2);
      const common = { codec: 'mp4a', enhanced: false, trackId: 0, otherTrackIds: NO_TRACKS } as const;
      return packetType === 0
        ? { kind: 'config', ...common, config: payload }
        : { kind: 'frames', ...common, nanosecondOffset: 0, payload };
    }
    case LEGACY_MP3:
    case LEGACY_MP3_8K: {
      const common = { codec: '.mp3', enhanced: false, trackId: 0, otherTrackIds: NO_TRACKS } as const;
      return { kind: 'frames', ...common, nanosecondOffset: 0, payload: bytes.subarray(1) };
    }
    default:
      return { kind: 'unsupported', description: `FLV SoundFormat ${format}` };
  }
}

function parseEnhanced(bytes: Uint8Array, first: number): AudioTag {
  const modEx = readModEx(bytes, first & 0x0f, 1);
  if (modEx.packetType !== MULTITRACK) {
    const codec = readAudioFourCc(bytes, modEx.at);
    const body = bytes.subarray(modEx.at + 4);
    return enhancedBody(modEx.packetType, modEx.nanosecondOffset, codec, 0, NO_TRACKS, body);
  }
  const header = readMultitrackHeader(bytes, modEx.at, readAudioFourCc);
  if (header.packetType === MULTITRACK)
    throw new FlvFormatError('multitrack audio tag within a multitrack tag');
  const [track, ...others] = readMultitrackEntries(bytes, header, readAudioFourCc);
  if (track === undefined) throw new FlvFormatError('multitrack audio tag without a track');
  const otherIds = others.length === 0 ? NO_TRACKS : others.map((other) => other.trackId);
  return enhancedBody(
    header.packetType,
    modEx.nanosecondOffset,
    track.codec,
    track.trackId,
    otherIds,
    track.body,
  );
}

function enhancedBody(
  packetType: number,
  nanosecondOffset: number,
  codec: AudioFourCc,
  trackId: number,
  otherTrackIds: readonly number[],
  body: Uint8Array,
): AudioTag {
  const common = { codec, enhanced: true, trackId, otherTrackIds } as const;
  switch (packetType) {
    case SEQUENCE_START:
      return { kind: 'config', ...common, config: body };
    case CODED_FRAMES:
      return { kind: 'frames', ...common, nanosecondOffset, payload: body };
    case SEQUENCE_END:
      return { kind: 'end', ...common };
    case MULTICHANNEL_CONFIG:
      return { kind: 'multichannel', payload: body };
    default:
      throw new FlvFormatError(`audio packet type ${packetType} is unknown`);
  }
}

/**
 * Writes an audio tag's body as pieces: our header, then the payload, not copied. The inverse of `parseAudioTag` for single-track
 * tags without nanosecond offset. Throws RangeError for a legacy tag of a codec other than AAC.
 */
export function writeAudioTag(tag: AudioConfigTag | AudioFramesTag | AudioEndTag): Uint8Array[] {
  const payload = tag.kind === 'config' ? tag.config : tag.kind === 'frames' ? tag.payload : undefined;
  if (!tag.enhanced) {
    if (tag.codec !== 'mp4a' || payload === undefined)
      throw new RangeError(`no legacy audio tag for ${tag.codec} ${tag.kind}`);
    // §E.4.2.1: SoundRate 3, SoundSize 1, SoundType 1 whatever the AAC really is.
    return [Uint8Array.of((LEGACY_AAC << 4) | 0x0f, tag.kind === 'config' ? 0 : 1), payload];
  }
  const packetType =
    tag.kind === 'config' ? SEQUENCE_START : tag.kind === 'frames' ? CODED_FRAMES : SEQUENCE_END;
  const fourCc = fourCcNumber(tag.codec);
  const header = Uint8Array.of(
    (ENHANCED << 4) | packetType,
    fourCc >>> 24,
    fourCc >>> 16,
    fourCc >>> 8,
    fourCc,
  );
  return payload === undefined ? [header] : [header, payload];
}
