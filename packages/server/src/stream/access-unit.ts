import type { Ticks } from '@tallylight/media/time/ticks.ts';
import type { TrackKind } from './track.ts';

/** One coded picture or one coded audio frame: what every protocol is converted to and from. Immutable once written. */
export interface AccessUnit {
  readonly kind: TrackKind;
  /** Presentation time in the track's timescale. */
  readonly pts: Ticks;
  /** Decode time in the track's timescale; never falls within a track; equal to `pts` for audio. */
  readonly dts: Ticks;
  /** True when decoding can start here: an IDR or IRAP picture, every audio frame. */
  readonly keyframe: boolean;
  /** Video: NAL units, each behind a 4-byte length (as in avcC/hvcC samples). Audio: one raw frame without ADTS. */
  readonly payload: Uint8Array;
}
