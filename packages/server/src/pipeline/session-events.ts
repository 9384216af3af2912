import type { Logger } from '../platform/logger.ts';
import type { PublisherEnd } from '../stream/publisher.ts';

/** Something that happened to the media of a stream. */
export type SessionEvent =
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

/**
 * Tells what happened to sessions, in order, each once, and after the step in which it happened: a listener may end the stream or
 * publish to it without meeting a session that is half attached. A listener that throws disturbs neither media nor the others.
 */
export class SessionEvents {
  readonly #log: Logger;
  readonly #listeners = new Set<(event: SessionEvent) => void>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Calls back after each event; returns the way to stop that. */
  on(listener: (event: SessionEvent) => void): () => void {
    // A function of its own: one listener given twice is called twice, and stopped once at a time.
    const own = (event: SessionEvent): void => listener(event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Tells everybody who listens when the present step is done. */
  emit(event: SessionEvent): void {
    queueMicrotask(() => {
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch (error) {
          this.#log.error({ error, ...event }, 'a listener failed on a stream event');
        }
      }
    });
  }
}
