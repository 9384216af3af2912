import type { PublisherEnd } from '../stream/publisher.ts';

/** How a stream's media is now. What is not known is absent. */
export interface LiveFigures {
  /** False while the publisher is away and awaited. */
  readonly publishing: boolean;
  /** Protocol of the publisher, such as `rtmp` or `whip`. */
  readonly protocol?: string;
  readonly startedAtMs: number;
  /** Pictures and sound as they arrive. */
  readonly bitrateKbps?: number;
  /** The same with what the protocol adds and sends again, where it tells. */
  readonly uploadBitrateKbps?: number;
  readonly fps?: number;
  /** Frames per second that the source announced. */
  readonly announcedFps?: number;
  readonly width?: number;
  readonly height?: number;
  /** Pictures that were lost or thrown away since the stream began. */
  readonly droppedFrames: number;
  /** Encoded seconds per second; absent while nothing is encoded. */
  readonly encoderSpeed?: number;
  readonly rttMs?: number;
  /** 0…1 */
  readonly lossFraction?: number;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/** Something that happened to the media of a stream. */
export type LiveEvent =
  | {
      readonly type: 'publisher-connected';
      readonly streamId: string;
      readonly protocol: string;
      readonly keyId: string;
    }
  /** It is waited for during the reconnect window, unless `ended` follows. */
  | { readonly type: 'publisher-lost'; readonly streamId: string; readonly reason: PublisherEnd }
  /** The window passed, or somebody ended the stream. */
  | { readonly type: 'ended'; readonly streamId: string };

/** Port: all that the control plane knows of media. `pipeline/` is behind it; ids of streams are the same on both sides. */
export interface LivePort {
  /** Undefined when no media session of that stream is open. */
  figures(streamId: string): LiveFigures | undefined;
  /** Viewers counted by the media servers themselves. */
  viewers(streamId: string): { readonly hls: number; readonly whep: number };
  /** From now on the stream is for its audience: what its owners alone could see of it is for nobody. */
  beginAudience(streamId: string): void;
  /** Ends the media session at once; false when there is none. */
  end(streamId: string): boolean;
  /** Closes the connection that publishes with this key, within two seconds, without a time to reconnect. */
  revoke(keyId: string): void;
  /** Calls back after each event; returns the way to stop that. */
  onEvent(listener: (event: LiveEvent) => void): () => void;
}
