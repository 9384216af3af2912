import type { PlayerError } from './player-error.ts';
import type { Transport } from './transport-words.ts';
import type { WhepFailureCode } from './whep-failure.ts';
import type { LatencyBasis } from './whep-latency.ts';

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

/** What a WebRTC connection is like. */
export interface ConnectionFigures {
  readonly roundTripMs: number | undefined;
  /** Packets that never came, as a fraction of those expected since the session began. */
  readonly lossFraction: number;
  /** Whether a TURN server stands between. */
  readonly relayed: boolean;
}

/** Everything the player knows, as one read-only snapshot. Holds what the media element confirmed, never what was only asked for. */
export interface PlayerState {
  readonly status: PlayerStatus;
  /**
   * Time from the picture's arrival at the server to the screen, in ms. What camera, encoder and the way to the server took before
   * that is not in it: glass to glass is more. Undefined while unknown.
   */
  readonly latencyMs: number | undefined;
  /** How `latencyMs` was found. By `path` it leaves out the time within the server too. */
  readonly latencyBasis: LatencyBasis | undefined;
  /** How the picture on the screen comes; undefined before anything was loaded. */
  readonly transport: Transport | undefined;
  /** Why it comes that way, in words for the viewer. */
  readonly transportReason: string;
  /** The viewer wants ultra-low latency by WebRTC, whether it can be had or not. */
  readonly ultraLowLatency: boolean;
  /** Why WebRTC does not play, when it was tried or cannot be; undefined when all is well or it is not wanted. */
  readonly whepFailure: WhepFailureCode | undefined;
  /** Figures of the WebRTC connection; undefined with HLS. */
  readonly connection: ConnectionFigures | undefined;
  /** From the highest to the lowest picture. Empty while unknown, and with native HLS. With WebRTC the server chooses among them. */
  readonly renditions: readonly RenditionOption[];
  /** The id of the rendition on the screen; undefined with WebRTC. */
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
    latencyBasis: undefined,
    transport: undefined,
    transportReason: '',
    ultraLowLatency: false,
    whepFailure: undefined,
    connection: undefined,
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
