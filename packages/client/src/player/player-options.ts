import type { LatencyOptions } from './latency-controller.ts';

/** Where a stream is found. Of one that not everybody may watch the token is part of it, and changes: see `Player.renew`. */
export interface PlayerAddresses {
  /** The multivariant playlist; relative to the page. */
  readonly url: string;
  /** Where a WHEP session of this stream is asked for; relative to the page. Without it there is only LL-HLS. */
  readonly whepUrl?: string;
  /** Answers `{"publishing":boolean}`: whether WebRTC without media waits for the publisher. Without it LL-HLS takes over after 5 s. */
  readonly healthUrl?: string;
}

/** What a player is made from. */
export interface PlayerOptions extends PlayerAddresses {
  /** The element that shows the stream. The player uses it alone; attributes and looks stay the page's, but for its background while the transport changes. */
  readonly media: HTMLMediaElement;
  /** Answers `{"epochMs": number}`; without it latency stays unknown, or with WebRTC an estimate of the path. Default '/api/time'. */
  readonly serverTimeUrl?: string;
  /** See {@link LatencyOptions}. */
  readonly latency?: LatencyOptions;
  /** Answers `{"iceServers":[…]}`. Default '/api/ice-servers'. */
  readonly iceServersUrl?: string;
  /** Begin with WebRTC; see `Player.setUltraLowLatency`. Default false. */
  readonly ultraLowLatency?: boolean;
}
