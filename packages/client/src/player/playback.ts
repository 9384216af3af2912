import type { RenditionOption } from './player-state.ts';
import type { Progress } from './progress-watch.ts';
import type { SourceCondition } from './source-probe.ts';
import type { Transport } from './transport-words.ts';
import type { LatencyEstimate } from './whep-latency.ts';

/** Why a playback cannot go on by itself. */
export type PlaybackFailure =
  /** The network or the server said no. */
  | { readonly kind: 'network'; readonly condition: SourceCondition; readonly detail: string }
  /** The playlist shares nothing with what was playing: load the source again at once. */
  | { readonly kind: 'window-lost'; readonly detail: string }
  /** The decoder or the source buffer gave up. */
  | { readonly kind: 'media'; readonly detail: string }
  /** This browser has no decoder for the stream. */
  | { readonly kind: 'unsupported'; readonly detail: string };

/** What a {@link Playback} tells its player. */
export interface PlaybackListener {
  /** The menu, from the highest picture to the lowest. */
  renditionsKnown(options: readonly RenditionOption[]): void;
  /** The rendition on the screen changed, or the mode did. */
  renditionShown(id: string | undefined, auto: boolean): void;
  failed(failure: PlaybackFailure): void;
}

/** One attempt to play one stream on a media element: by hls.js and MSE, by the browser itself, or by WebRTC. Closed and replaced when it fails. */
export interface Playback {
  readonly transport: Transport;
  /** Date of the picture at the playhead by EXT-X-PROGRAM-DATE-TIME, in ms since 1970. */
  readonly playheadEpochMs: number | undefined;
  /** A position near the live edge that can be sought to, in seconds on the media timeline. */
  readonly liveEdgeSec: number | undefined;
  /** Seconds since the playlist last gained media, or media last came; undefined while unknown. */
  readonly sinceAdvanceSec: number | undefined;
  /** The playlist carries EXT-X-ENDLIST: nothing will be added. */
  readonly playlistEnded: boolean;
  /** Whether `playbackRate` may be varied at the live edge. */
  readonly steerable: boolean;
  /** What a playback concludes that watches its own progress; others are watched by the playhead. */
  readonly progress?: Progress;
  /** Media ready to be played, in seconds, of a playback that the element's `buffered` says nothing about. */
  readonly bufferSec?: number | undefined;
  /** Latency of a playback whose pictures carry no date. `serverNowMs` = the server's time now, in ms since 1970. */
  estimateLatency?(serverNowMs: number | undefined): LatencyEstimate | undefined;
  /** Shows the rendition from the next possible switch point on. */
  selectRendition(id: string): void;
  /** Stops loading, but leaves the last picture where it is. */
  suspend(): void;
  /** Ends the playback and lets go of the media element. Idempotent. */
  close(): void;
}
