import type { PackagerOptions } from '../packager/packager-options.ts';

/** How live sessions behave. */
export interface PipelineOptions {
  readonly packager: PackagerOptions;
  /** How long a stream stays live without its publisher, in milliseconds. Default 120,000: eight of OBS's retries. 0 ends it at once. */
  readonly reconnectWindowMs: number;
  /** How far a track may fall behind the other, in milliseconds, before it is filled. Default 250. */
  readonly trackSilenceMs: number;
  /** How long a second track that was not announced is waited for, in milliseconds. Default 300. */
  readonly secondTrackWaitMs: number;
  /** A publisher silent for this long, in milliseconds, gives way to a new one with the same key. Default 1500: OBS retries after 2 s. */
  readonly takeoverSilenceMs: number;
}
