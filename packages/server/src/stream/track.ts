import type { Timescale } from '@tallylight/media/time/ticks.ts';

/** Video codecs that a track can carry. Which of them can be served is the packager's business. */
export type VideoCodec = 'h264' | 'hevc' | 'av1' | 'vp8';

/** Audio codecs that a track can carry. */
export type AudioCodec = 'aac' | 'opus';

/** What one needs to know to decode and describe a video track. Immutable: new parameter sets make a new track. */
export interface VideoTrack {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** RFC 6381 string, such as `avc1.64001f`. */
  readonly codecString: string;
  /** Unit of this track's PTS and DTS. */
  readonly timescale: Timescale;
  /** Display size in pixels, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Frames per second as the parameter sets or the metadata announce them; absent when neither does. */
  readonly frameRate?: number;
  /** Bits per second as the publisher announced them; absent when it did not. */
  readonly bitrateBps?: number;
  /** The decoder configuration record (AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord, …). */
  readonly config: Uint8Array;
}

/** What one needs to know to decode and describe an audio track. */
export interface AudioTrack {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  /** RFC 6381 string, such as `mp4a.40.2`. */
  readonly codecString: string;
  /** Unit of this track's PTS and DTS: 1000 from RTMP, the sample rate after the packager's anchor. */
  readonly timescale: Timescale;
  readonly sampleRate: number;
  readonly channels: number;
  /** PCM samples in one coded frame: 1024 for AAC-LC. */
  readonly samplesPerFrame: number;
  /** Bits per second as the publisher announced them; absent when it did not. */
  readonly bitrateBps?: number;
  /** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) or OpusHead (RFC 7845 §5.1). */
  readonly config: Uint8Array;
}

/** A track of a live stream. */
export type Track = VideoTrack | AudioTrack;

/** Which of a stream's tracks: a live stream has at most one of each kind. */
export type TrackKind = Track['kind'];
