import type { RtcFeed } from '../../rtc-worker/rtc-gateway.ts';

/** Port: what there is to watch by WebRTC. Implemented by `pipeline/`. */
export interface WhepSource {
  /**
   * The feed of a live stream. `not-live`: there is no such stream now. `unavailable`: it has nothing that WebRTC can show, such as
   * H.264 without B-frames.
   */
  feed(streamId: string): RtcFeed | 'not-live' | 'unavailable';
}
