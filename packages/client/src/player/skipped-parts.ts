/** A subset of hls.js's `Part`. */
export interface ListedPart {
  readonly index: number;
  readonly loaded: boolean;
  gap: boolean;
  readonly fragment: { readonly sn: number | 'initSegment' };
}

/**
 * Tells hls.js that the parts it skipped when it joined in the middle of a segment will never be needed.
 *
 * hls.js 1.7.4: every audio part is independent, so it joins at part k > 0. When the segment is over and `buffered.end` is reported a
 * microsecond short of the boundary, its search stays with that segment "because a part is not loaded", while its tracker says the
 * segment is complete: no sound is fetched until the segment leaves the list of parts, some 8 s later. A part marked as gap is not waited for.
 */
export function giveUpSkippedParts(
  parts: readonly ListedPart[],
  joined: { readonly msn: number | 'initSegment'; readonly index: number },
): void {
  for (const part of parts) {
    if (part.fragment.sn === joined.msn && part.index < joined.index && !part.loaded) {
      part.gap = true;
    }
  }
}
