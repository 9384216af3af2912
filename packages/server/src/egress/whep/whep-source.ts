import type { RtcFeed } from '../../rtc-worker/rtc-gateway.ts';

/** A feed that is kept for a viewer whose offer is being answered. */
export interface WhepFeed {
  readonly feed: RtcFeed;
  /** To be called once: the offer was answered, or refused, and then a feed that nobody watches may close. */
  readonly settle: (answered: boolean) => void;
}

/** Port: what there is to watch by WebRTC. Implemented by `pipeline/`. */
export interface WhepSource {
  /**
   * Whether a stream can be watched, which costs nothing. `not-live`: there is no such stream now. `unavailable`: it has nothing that
   * WebRTC can show, such as H.264 without B-frames.
   */
  status(streamId: string): 'live' | 'not-live' | 'unavailable';
  /** The feed of a live stream, opened if need be, which may start an encoder: only for an offer that is about to be answered. */
  open(streamId: string): WhepFeed | 'not-live' | 'unavailable';
}
