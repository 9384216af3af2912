/** A multivariant playlist as data (rfc8216bis-22 §4.4.6). */
export interface MultivariantPlaylist {
  readonly independentSegments: boolean;
  readonly renditions: readonly AlternativeRendition[];
  readonly variants: readonly Variant[];
}

/** EXT-X-STREAM-INF and its URI (§4.4.6.2). */
export interface Variant {
  readonly uri: string;
  /** Peak bits per second of the variant with its most demanding audio (§4.4.6.2.1). */
  readonly bandwidthBps: number;
  readonly averageBandwidthBps?: number;
  /** RFC 6381 strings of the video and of its audio group. */
  readonly codecs: readonly string[];
  readonly resolution?: { readonly width: number; readonly height: number };
  /** Largest frame rate, to three decimals. */
  readonly frameRate?: number;
  /** GROUP-ID of the audio renditions. */
  readonly audioGroup?: string;
  /** STABLE-VARIANT-ID. */
  readonly stableId?: string;
}

/** EXT-X-MEDIA (§4.4.6.1). */
export interface AlternativeRendition {
  readonly type: 'AUDIO' | 'VIDEO' | 'SUBTITLES' | 'CLOSED-CAPTIONS';
  readonly groupId: string;
  readonly name: string;
  readonly language?: string;
  readonly isDefault: boolean;
  readonly autoselect: boolean;
  readonly channels?: string;
  /** Absent when the media is in the variant itself. */
  readonly uri?: string;
}
