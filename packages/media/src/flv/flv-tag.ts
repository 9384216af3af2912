/** What an FLV tag or an RTMP media message carries (Adobe FLV 10.1 §E.4.1, TagType 8, 9 and 18). */
export type FlvTagType = 'audio' | 'video' | 'script';

/** One FLV tag without its header. */
export interface FlvTag {
  readonly type: FlvTagType;
  /** Decode time in milliseconds, 0 … 2³² − 1; wraps after 49.7 days. */
  readonly timestampMs: number;
  /** The tag's body: an AudioTag, VideoTag or script values. May be a view into the bytes that were pushed. */
  readonly body: Uint8Array;
}

/** Number on the wire of each tag type; the same in FLV and as RTMP message type. */
export const FLV_TAG_TYPES: { readonly [type in FlvTagType]: number } = { audio: 8, video: 9, script: 18 };

/** Bytes of a tag's header (Adobe FLV 10.1 §E.4.1). */
export const FLV_TAG_HEADER_BYTES = 11;

/** Largest body that the 24-bit DataSize field can announce. */
export const FLV_MAX_BODY_BYTES = 0xff_ffff;
