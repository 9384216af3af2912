import type { AccessUnit } from '../stream/access-unit.ts';
import type { AudioTrack, Track, VideoTrack } from '../stream/track.ts';

/** Why a WebRTC session ended. */
export type RtcCloseReason =
  | 'closed'
  | 'closed-by-peer'
  | 'ice-timeout'
  | 'dtls-failed'
  | 'silent'
  | 'worker-lost'
  | 'protocol-error';

/** One WebRTC session, publisher's or viewer's, after its offer was answered. */
export interface RtcSession {
  /** Unguessable: 128 random bits in hexadecimal. Part of the session's URL. */
  readonly id: string;
  /** The SDP answer, with every candidate of ours. */
  readonly answer: string;
  /** ICE user fragment of the answer: names this ICE session in entity tags (RFC 9725 §4.3.1). */
  readonly iceUfrag: string;
  /** Ends the session; `onClosed('closed')` is not called. Idempotent. */
  close(): void;
}

/** A publisher's session. */
export interface RtcIngestSession extends RtcSession {
  /** Asks the publisher for an IDR; the worker bounds how often. */
  requestKeyframe(): void;
  /** Milliseconds, on the monotonic clock, since the publisher was last heard: its media, or its report that it sends some. */
  silentForMs(): number;
}

/** What a publisher's connection is like; once a second. */
export interface IngestStats {
  readonly bitrateBps: number;
  readonly framesPerSecond: number;
  /** Absent until the first round trip was measured. */
  readonly rttMs?: number;
  /** Packets that never came, resent ones not counted, as a fraction of those expected in the last second. */
  readonly lossFraction: number;
  readonly jitterMs: number;
  /** Pictures given up in the last second because packets of them never came. */
  readonly droppedFrames: number;
  /** True once a picture was predicted from a later one, which WebRTC players show as jumps. */
  readonly hasBFrames: boolean;
  /** The simulcast layer that is taken; absent without simulcast. */
  readonly rid?: string;
}

/** Where a publisher's media goes. Never called after `onClosed`. */
export interface IngestListener {
  /** A track or its new parameters; before the track's first unit. Timescale 1000. */
  onTrack(track: Track): void;
  /** In decode order; times in milliseconds on one clock for all tracks of the session. */
  onUnit(unit: AccessUnit): void;
  onStats(stats: IngestStats): void;
  /** The session is gone by itself; once. */
  onClosed(reason: RtcCloseReason): void;
}

/** What a viewer's session tells. */
export interface EgressListener {
  /** ICE and DTLS are through. */
  onConnected(): void;
  onClosed(reason: RtcCloseReason): void;
}

/** Names the media of a feed: a video rendition's id, or `audio`. */
export type FeedTrackId = string;

/**
 * What one live stream gives to its WebRTC viewers: H.264 renditions without B-frames, and Opus. The gateway packetises each once
 * and chooses a rendition for each viewer by what its network carries. Outlives a lost worker: its tracks are announced anew.
 */
export interface RtcFeed {
  /** Announces a rendition or its new parameters; H.264 only. `bitrateBps` is what the choice goes by. */
  setVideo(id: FeedTrackId, track: VideoTrack, bitrateBps: number): void;
  /** The rendition is no more; its viewers go on with another. */
  removeVideo(id: FeedTrackId): void;
  /** Announces the sound; Opus only. */
  setAudio(track: AudioTrack): void;
  /** One unit on the stream's clock, in milliseconds. Never waits: when the worker does not keep up, units are lost up to the next keyframe. */
  write(id: FeedTrackId, unit: AccessUnit): void;
  /** Sessions that watch this feed now. */
  readonly viewers: number;
  /** Lets every viewer go; idempotent. */
  close(): void;
}

/** What a feed asks of the stream. */
export interface FeedListener {
  /** A viewer needs an IDR of this rendition, and the feed has none to replay. */
  onKeyframeWanted(id: FeedTrackId): void;
  /** The number of viewers changed. */
  onViewers(count: number): void;
}

/** Port: WebRTC as the server's other parts see it. Implemented by `RtcWorker`. */
export interface RtcGateway {
  /** Answers a publisher's offer. Rejects with `RtcRefusedError`. */
  openIngest(options: {
    readonly offer: string;
    readonly listener: IngestListener;
  }): Promise<RtcIngestSession>;
  /** Opens the feed of a live stream. */
  openFeed(options: { readonly streamId: string; readonly listener: FeedListener }): RtcFeed;
  /** Answers a viewer's offer. Rejects with `RtcRefusedError`. */
  openEgress(options: {
    readonly feed: RtcFeed;
    readonly offer: string;
    readonly listener: EgressListener;
  }): Promise<RtcSession>;
  /**
   * Answers the offer of a data channel that echoes, to find out whether UDP reaches us. Closes itself after 15 s. `onClosed` hears when it
   * is gone by itself; once, possibly before the promise is seen to resolve.
   */
  openProbe(options: {
    readonly offer: string;
    readonly onClosed?: (reason: RtcCloseReason) => void;
  }): Promise<RtcSession>;
}

/** Why an offer was not answered. */
export class RtcRefusedError extends Error {
  override readonly name = 'RtcRefusedError';
  /** `bad-offer`: the client's fault; `unavailable`: no worker now, try again; `too-many`: a limit of ours. */
  readonly reason: 'bad-offer' | 'unavailable' | 'too-many';

  /** `message` says what is wrong with the offending value, for the client. */
  constructor(reason: RtcRefusedError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
