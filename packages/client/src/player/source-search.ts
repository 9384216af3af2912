import { probeDelayMs } from './retry-policy.ts';
import { type PlaylistFetch, probeSource, type SourceCondition } from './source-probe.ts';

/** What a {@link SourceSearch} reports. */
export interface SourceSearchListener {
  /** The stream is live: load it. The search is over. */
  found(): void;
  /** It is not, and this is why; the search goes on. */
  stillAway(condition: Exclude<SourceCondition, 'live'>): void;
}

/** Looks for a stream that is away until it is live, for ever, without touching what is on the screen. */
export class SourceSearch {
  readonly #url: () => string;
  readonly #listener: SourceSearchListener;
  readonly #fetch: PlaylistFetch;
  #running: AbortController | undefined;

  constructor(
    url: () => string,
    listener: SourceSearchListener,
    fetchPlaylist: PlaylistFetch = (at, init) => fetch(at, init),
  ) {
    this.#url = url;
    this.#listener = listener;
    this.#fetch = fetchPlaylist;
  }

  /** Whether a search is under way. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Begins to look. A search that is under way is left alone. */
  start(): void {
    if (this.#running === undefined) {
      this.#running = new AbortController();
      this.#schedule(this.#running.signal, 0);
    }
  }

  /** Ends the search without a result. */
  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  #schedule(signal: AbortSignal, attempt: number): void {
    const timer = setTimeout(() => {
      void probeSource(this.#url(), this.#fetch, signal).then((condition) => {
        if (signal.aborted) {
          return;
        }
        if (condition === 'live') {
          this.#running = undefined;
          this.#listener.found();
        } else {
          this.#listener.stillAway(condition);
          this.#schedule(signal, attempt + 1);
        }
      });
    }, probeDelayMs(attempt));
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  }
}
