/** One encoded rendition of the ladder. */
export interface Rung {
  /** Rendition id, such as `720p`: the number is the short side. */
  readonly id: string;
  /** Even pixels; aspect of the source kept. */
  readonly width: number;
  readonly height: number;
  readonly bitrateBps: number;
  /** Every n-th picture of the source, counted from its last keyframe, and all keyframes. 1: every picture. */
  readonly everyNth: number;
}

/**
 * When rungs have keyframes.
 * `source`: exactly where the source has them. `forced`: at `fromPtsMs` and every `everyMs` after it, for sources whose GOP is too long.
 */
export type KeyframePolicy =
  | { readonly mode: 'source' }
  | { readonly mode: 'forced'; readonly fromPtsMs: number; readonly everyMs: number };
