/** What the lint needs of an HTTP answer; the global `fetch` returns it. */
export interface PlaylistResponse {
  readonly status: number;
  /** URL after redirects; empty when the fetcher does not know it. */
  readonly url: string;
  text(): Promise<string>;
}

/** Where playlists come from. It has to give up by itself: the lint waits as long as the fetch does. */
export type PlaylistFetch = (url: string) => Promise<PlaylistResponse>;

/** Time for the lint, passed in because this package has no clock. */
export interface LintClock {
  /** Milliseconds that only rise. */
  monotonicMs(): number;
  /** Resolves after so many milliseconds. */
  sleep(ms: number): Promise<void>;
}
