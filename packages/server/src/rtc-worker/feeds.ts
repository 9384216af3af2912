import type { Logger } from '../platform/logger.ts';
import { WorkerFeed } from './feed.ts';
import type { FeedNumber, FromChildMessage } from './protocol/messages.ts';
import type { FeedListener, RtcFeed } from './rtc-gateway.ts';
import type { WorkerLink } from './worker-link.ts';

/** Messages about a feed. */
export type FeedMessage = Extract<FromChildMessage, { readonly feed: FeedNumber }>;

/** Every open feed of the server, which outlive the worker that serves them. */
export class Feeds {
  readonly #link: WorkerLink;
  readonly #feeds = new Map<FeedNumber, WorkerFeed>();
  readonly #log: Logger;
  #nextNumber: FeedNumber = 1;

  constructor(link: WorkerLink, log: Logger) {
    this.#link = link;
    this.#log = log;
  }

  /** Opens the feed of a stream. */
  open(options: { readonly streamId: string; readonly listener: FeedListener }): RtcFeed {
    const number = this.#nextNumber++;
    const onClose = (): void => {
      this.#feeds.delete(number);
    };
    const feed = new WorkerFeed({ number, link: this.#link, onClose, ...options });
    this.#feeds.set(number, feed);
    return feed;
  }

  /** The number of a feed of ours that is open. */
  numberOf(feed: RtcFeed): FeedNumber | undefined {
    return feed instanceof WorkerFeed && this.#feeds.get(feed.number) === feed ? feed.number : undefined;
  }

  /** Tells a new worker about every feed. */
  announce(): void {
    for (const feed of this.#feeds.values()) feed.announce();
  }

  /** Takes what the worker says; of a feed that is closed meanwhile nothing is heard. */
  handle(message: FeedMessage): void {
    const feed = this.#feeds.get(message.feed);
    if (feed === undefined) return;
    this.#guard(feed, () => {
      if (message.type === 'feed-viewers') feed.setViewers(message.count);
      else feed.keyframeWanted(message.track);
    });
  }

  /** The worker is gone, and every viewer with it. */
  workerLost(): void {
    for (const feed of this.#feeds.values()) this.#guard(feed, () => feed.setViewers(0));
  }

  /** A listener that throws is heard of, and takes neither the worker nor another feed with it. */
  #guard(feed: WorkerFeed, tell: () => void): void {
    try {
      tell();
    } catch (err) {
      this.#log.error({ err, streamId: feed.streamId }, 'the owner of a WebRTC feed failed');
    }
  }
}
