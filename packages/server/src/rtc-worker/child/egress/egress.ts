import { CodecFormatError } from '@tallylight/media/codecs/codec-format-error.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { ChildLimits, FeedNumber, ToChildMessage } from '../../protocol/messages.ts';
import type { WireUnit } from '../../protocol/unit-frame.ts';
import { fromWireTrack } from '../../protocol/wire-track.ts';
import { RtcRefusedError } from '../../rtc-gateway.ts';
import type { ChildSession, ChildSessionEvents } from '../child-session.ts';
import type { ParentLink } from '../parent-link.ts';
import type { PeerEnvironment } from '../peer.ts';
import { EgressSession } from './egress-session.ts';
import { Feed } from './feed.ts';
import { Replays } from './replays.ts';
import type { Viewer } from './viewer.ts';

/** Messages about feeds from the server. */
export type FeedRequest = Exclude<
  Extract<ToChildMessage, { readonly feed: FeedNumber }>,
  { readonly type: 'open-egress' }
>;

/** Sender reports are spread over their second by when each viewer came; this is how exactly. */
const TICK_MS = 250;

/** The way out: every feed of this process and the viewers of each. */
export class Egress {
  readonly #parent: ParentLink;
  readonly #clock: Clock;
  readonly #limits: Pick<ChildLimits, 'maxBitrateBps'>;
  readonly #feeds = new Map<FeedNumber, Feed>();
  readonly #sessions = new Map<EgressSession, FeedNumber>();
  readonly #replays: Replays;
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    readonly parent: ParentLink;
    readonly clock: Clock;
    readonly limits: Pick<ChildLimits, 'maxBitrateBps'>;
  }) {
    this.#parent = options.parent;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#replays = new Replays(() => this.#clock.monotonicMs());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Does what the server says of a feed. */
  handle(request: FeedRequest): void {
    const { feed: number } = request;
    if (request.type === 'open-feed') {
      this.#closeFeed(number);
      this.#feeds.set(number, this.#openFeed(number));
      return;
    }
    if (request.type === 'close-feed') {
      this.#closeFeed(number);
      return;
    }
    const feed = this.#feeds.get(number);
    if (feed === undefined) return;
    if (request.type === 'feed-audio') {
      feed.setAudio(request.track);
    } else if (request.type === 'feed-track-removed') {
      feed.remove(request.track);
    } else {
      const { track, description, bitrateBps } = request;
      this.#guard(number, () => feed.setVideo(track, fromWireTrack(description), bitrateBps));
    }
  }

  /** Takes a unit of a feed; of one that is closed meanwhile it is dropped. */
  write(unit: WireUnit): void {
    this.#guard(unit.channel, () => this.#feeds.get(unit.channel)?.write(unit));
  }

  /** A viewer's session; `open` answers the offer. Throws RtcRefusedError when the feed is gone. */
  openSession(options: {
    readonly feed: FeedNumber;
    readonly offer: string;
    readonly environment: PeerEnvironment;
    readonly events: ChildSessionEvents;
  }): ChildSession {
    const { offer, environment, events } = options;
    const feed = this.#feeds.get(options.feed);
    if (feed === undefined) throw new RtcRefusedError('unavailable', 'the stream has ended');
    const session: EgressSession = new EgressSession({
      feed,
      offer,
      environment,
      events: {
        onConnected: () => events.onConnected(),
        onClosed: (reason) => events.onClosed(reason),
        onEnded: () => {
          this.#sessions.delete(session);
          if (session.viewer !== undefined) this.#replays.remove(session.viewer);
        },
      },
    });
    this.#sessions.set(session, options.feed);
    return session;
  }

  /** Ends every session without a word; idempotent. */
  close(): void {
    clearInterval(this.#timer);
    for (const session of this.#sessions.keys()) session.close();
    this.#feeds.clear();
  }

  #openFeed(number: FeedNumber): Feed {
    return new Feed({
      clock: this.#clock,
      maxBitrateBps: this.#limits.maxBitrateBps,
      events: {
        onKeyframeWanted: (track) => this.#parent.send({ type: 'keyframe-wanted', feed: number, track }),
        onViewers: (count) => this.#parent.send({ type: 'feed-viewers', feed: number, count }),
        onReplay: (viewer: Viewer) => this.#replays.add(viewer),
      },
    });
  }

  #closeFeed(number: FeedNumber): void {
    if (!this.#feeds.delete(number)) return;
    for (const [session, feed] of this.#sessions) if (feed === number) session.end();
  }

  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const session of this.#sessions.keys()) session.tick(nowMs);
  }

  /** A malformed unit or configuration is dropped and told: it costs a picture, not the process. */
  #guard(feed: FeedNumber, call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof CodecFormatError)) throw error;
      const fields = { feed, message: error.message };
      this.#parent.send({ type: 'log', level: 'warn', event: 'a unit of a feed is malformed', fields });
    }
  }
}
