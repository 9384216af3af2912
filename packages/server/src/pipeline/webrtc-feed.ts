import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { RtcFeed, RtcGateway } from '../rtc-worker/rtc-gateway.ts';
import type { AudioEncoderServices } from '../transcode/audio/audio-encoder.ts';
import { type FeedSession, StreamFeed } from './stream-feed.ts';

/** A live session as feeds see it. */
export interface WatchableSession extends FeedSession {
  /** True once the present source has shown B-frames. */
  readonly reordered: boolean;
}

/** Where feeds find live streams; `LiveSessions` is it. */
export interface WatchableSessions {
  /** Undefined when the stream is not live. */
  live(streamId: string): WatchableSession | undefined;
  /** Calls back when a session is over. */
  onSessionClosed(listener: (streamId: string) => void): void;
}

/** How long a feed is kept when its last viewer has left, in milliseconds: players that reconnect find it running. */
const LINGER_MS = 10_000;

/** A feed that is kept for a viewer whose offer is being answered. */
export interface FeedLease {
  readonly feed: RtcFeed;
  /** To be called once: the offer was answered, or refused, and then a feed that nobody watches closes at once. */
  readonly settle: (answered: boolean) => void;
}

/** The feeds of all streams that somebody watches by WebRTC: opened for the first viewer, closed some seconds after the last. */
export class WebRtcFeeds {
  readonly #options: ConstructorParameters<typeof WebRtcFeeds>[0];
  readonly #feeds = new Map<string, StreamFeed>();

  constructor(options: {
    readonly gateway: Pick<RtcGateway, 'openFeed'>;
    readonly sessions: WatchableSessions;
    /** What makes Opus of AAC; undefined gives such streams no sound. */
    readonly audio: AudioEncoderServices | undefined;
    readonly clock: Clock;
    readonly log: Logger;
    /** How long a feed is kept without viewers, in milliseconds. Default 10,000. */
    readonly lingerMs?: number;
  }) {
    this.#options = options;
    options.sessions.onSessionClosed((streamId) => this.#feeds.get(streamId)?.close());
  }

  /**
   * Whether a stream can be watched by WebRTC, without opening anything. `not-live`: there is no such stream now. `unavailable`: nothing
   * of it can be shown, because its pictures are neither H.264 without B-frames nor encoded.
   */
  status(streamId: string): 'live' | 'not-live' | 'unavailable' {
    const session = this.#options.sessions.live(streamId);
    if (session === undefined) return 'not-live';
    const { video, audio } = session.stream;
    if (video === undefined && audio === undefined && this.#present(session) === undefined) return 'not-live';
    return showable(session) ? 'live' : 'unavailable';
  }

  /** The feed of a live stream for a viewer whose offer is about to be answered, opened if need be; else `status`. */
  open(streamId: string): FeedLease | 'not-live' | 'unavailable' {
    const session = this.#options.sessions.live(streamId);
    const status = this.status(streamId);
    if (session === undefined || status !== 'live') return status === 'live' ? 'not-live' : status;
    let feed = this.#present(session);
    if (feed === undefined) {
      this.#feeds.get(streamId)?.close();
      feed = this.#open(session);
    }
    return { feed: feed.feed, settle: feed.await() };
  }

  /** What is watched, for metrics and tests. */
  dump(): readonly object[] {
    return [...this.#feeds.values()].map((feed) => feed.dump());
  }

  /** Lets every viewer go; idempotent. */
  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
  }

  #present(session: WatchableSession): StreamFeed | undefined {
    const feed = this.#feeds.get(session.streamId);
    return feed?.session === session ? feed : undefined;
  }

  #open(session: WatchableSession): StreamFeed {
    const { gateway, audio, clock, log, lingerMs } = this.#options;
    const { streamId } = session;
    const feed: StreamFeed = new StreamFeed({
      ...{ session, gateway, audio, clock },
      log: log.child({ streamId }),
      lingerMs: lingerMs ?? LINGER_MS,
      onClosed: () => {
        if (this.#feeds.get(streamId) === feed) this.#feeds.delete(streamId);
      },
    });
    this.#feeds.set(streamId, feed);
    return feed;
  }
}

function showable(session: WatchableSession): boolean {
  const { video } = session.stream;
  if (video === undefined || session.encodes) return true;
  return video.codec === 'h264' && !session.reordered;
}
