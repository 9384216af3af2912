import { ebmlElement, ebmlFloat, ebmlString, ebmlUnsigned } from './ebml.ts';
import { ELEMENT } from './element-ids.ts';

/** Codec IDs of video tracks (Matroska codec specification): HEVC, H.264, VP8. */
export type MatroskaVideoCodecId = 'V_MPEGH/ISO/HEVC' | 'V_MPEG4/ISO/AVC' | 'V_VP8';

/** Codec IDs of audio tracks (Matroska codec specification): Opus, AAC. */
export type MatroskaAudioCodecId = 'A_OPUS' | 'A_AAC';

/** A video track of a live file. */
export interface MatroskaVideoTrack {
  readonly kind: 'video';
  readonly codecId: MatroskaVideoCodecId;
  /** avcC or hvcC record; none for VP8. */
  readonly codecPrivate?: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Frame interval, for readers that want the rate before they saw pictures; absent when unknown. */
  readonly defaultDurationNs?: number;
}

/** An audio track of a live file. */
export interface MatroskaAudioTrack {
  readonly kind: 'audio';
  readonly codecId: MatroskaAudioCodecId;
  /** AudioSpecificConfig or OpusHead. */
  readonly codecPrivate: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;
  /** Opus: the pre-skip of OpusHead, as time. Default 0. */
  readonly codecDelayNs?: number;
  /** Opus: 80 ms are decoded before a seek is clean. Default 0. */
  readonly seekPreRollNs?: number;
}

/** A track of a live Matroska file. */
export type MatroskaTrack = MatroskaVideoTrack | MatroskaAudioTrack;

const TRACK_TYPE = { video: 1, audio: 2 } as const;

/** The TrackEntry of a track (RFC 9559 §5.1.4.1). `number` is 1…126, so that it takes one byte in every block. */
export function trackEntry(number: number, track: MatroskaTrack): Uint8Array {
  const fields = [
    ebmlUnsigned(ELEMENT.TrackNumber, number),
    ebmlUnsigned(ELEMENT.TrackUID, number),
    ebmlUnsigned(ELEMENT.TrackType, TRACK_TYPE[track.kind]),
    ebmlUnsigned(ELEMENT.FlagLacing, 0),
    ebmlString(ELEMENT.CodecID, track.codecId),
  ];
  if (track.codecPrivate !== undefined) fields.push(ebmlElement(ELEMENT.CodecPrivate, track.codecPrivate));
  if (track.kind === 'video') {
    if (track.defaultDurationNs !== undefined) {
      fields.push(ebmlUnsigned(ELEMENT.DefaultDuration, Math.round(track.defaultDurationNs)));
    }
    const size = [
      ebmlUnsigned(ELEMENT.PixelWidth, track.width),
      ebmlUnsigned(ELEMENT.PixelHeight, track.height),
    ];
    fields.push(ebmlElement(ELEMENT.Video, ...size));
  } else {
    if (track.codecDelayNs !== undefined) fields.push(ebmlUnsigned(ELEMENT.CodecDelay, track.codecDelayNs));
    if (track.seekPreRollNs !== undefined)
      fields.push(ebmlUnsigned(ELEMENT.SeekPreRoll, track.seekPreRollNs));
    const shape = [
      ebmlFloat(ELEMENT.SamplingFrequency, track.sampleRate),
      ebmlUnsigned(ELEMENT.Channels, track.channels),
    ];
    fields.push(ebmlElement(ELEMENT.Audio, ...shape));
  }
  return ebmlElement(ELEMENT.TrackEntry, ...fields);
}
