import type { PlayerError } from './player-error.ts';

/** What the viewer sees the player do. */
export type PlayerStatus =
  | 'loading'
  | 'playing'
  | 'paused'
  | 'stalled'
  | 'waiting-for-publisher'
  | 'ended'
  | 'error';

/** One entry of the rendition menu. */
export interface RenditionOption {
  /** Stable for as long as the stream offers this rendition; give it to `Player.setRendition`. */
  readonly id: string;
  /** What to show: "720p", "1080p60", or "Audio". */
  readonly name: string;
  /** The shorter side of the picture in pixels; 0 without a picture. */
  readonly height: number;
  /** Peak bitrate of picture and sound together, in bit/s. */
  readonly bitrateBps: number;
}

/** Everything the player knows, as one read-only snapshot. Holds what the media element confirmed, never what was only asked for. */
export interface PlayerState {
  readonly status: PlayerStatus;
  /** The publisher's picture is this old when it is shown: server time minus EXT-X-PROGRAM-DATE-TIME. Undefined while unknown. */
  readonly latencyMs: number | undefined;
  /** From the highest to the lowest picture. Empty while unknown, and with native HLS. */
  readonly renditions: readonly RenditionOption[];
  /** The id of the rendition on the screen. */
  readonly currentRenditionId: string | undefined;
  /** Whether the player chooses the rendition by itself. */
  readonly autoRendition: boolean;
  /** Whether playback follows the live edge. False when paused, rewound, or left far behind. */
  readonly atLive: boolean;
  /** How often playback stopped for want of media since the first picture. */
  readonly stallCount: number;
  readonly playbackRate: number;
  /** Media ready to be played after the playhead, in seconds. */
  readonly bufferSec: number;
  /** The buffer that the latency controller wants to see left when the next part arrives, in seconds. */
  readonly targetTroughSec: number;
  readonly muted: boolean;
  /** 0 to 1. */
  readonly volume: number;
  /** True when sound is off only because the browser refused to start with it. */
  readonly mutedByAutoplay: boolean;
  /** True when the browser refused to start even without sound: the viewer must press play. */
  readonly playBlocked: boolean;
  /** Size of the picture on the screen, in pixels; 0 without one. */
  readonly videoWidth: number;
  readonly videoHeight: number;
  readonly error: PlayerError | undefined;
}

/** The snapshot before anything was loaded. */
export function initialPlayerState(targetTroughSec: number): PlayerState {
  return {
    status: 'loading',
    latencyMs: undefined,
    renditions: [],
    currentRenditionId: undefined,
    autoRendition: true,
    atLive: true,
    stallCount: 0,
    playbackRate: 1,
    bufferSec: 0,
    targetTroughSec,
    muted: false,
    volume: 1,
    mutedByAutoplay: false,
    playBlocked: false,
    videoWidth: 0,
    videoHeight: 0,
    error: undefined,
  };
}
