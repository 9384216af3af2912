import type { DateRange, MediaPlaylist, MediaSegment } from '../media-playlist.ts';
import { PlaylistError } from '../playlist-error.ts';

/**
 * The delta update of a full playlist (rfc8216bis §6.2.5.1): segments further from the end than CAN-SKIP-UNTIL are
 * replaced by EXT-X-SKIP. Both sequence numbers stay as they are, and the writer repeats EXT-X-MAP after the skip.
 * Returns the full playlist itself when it offers no skipping, has ended (§6.2.5: directives are ignored then), or has
 * nothing old enough to skip. Date ranges are always kept, so `_HLS_skip=v2` is answered like YES.
 */
export function makeDelta(full: MediaPlaylist): MediaPlaylist {
  const boundarySec = full.serverControl?.canSkipUntilSec;
  if (boundarySec === undefined || full.endList || full.skippedSegments !== undefined) return full;
  const skippedSegments = countSkippable(full.segments, boundarySec);
  if (skippedSegments === 0) return full;
  return { ...full, skippedSegments, segments: full.segments.slice(skippedSegments) };
}

/**
 * What a client does with a delta update: takes the skipped segments from the playlist it has. Parts of skipped segments
 * are dropped, since they left the server's list long before the skip boundary. Throws PlaylistError when the old
 * playlist does not hold all that is skipped; the client MUST then ask for a full one (§6.3.7).
 */
export function mergeDelta(old: MediaPlaylist, delta: MediaPlaylist): MediaPlaylist {
  const { skippedSegments, recentlyRemovedDateRanges: removed, ...rest } = delta;
  if (skippedSegments === undefined) return delta;
  const from = delta.mediaSequence - old.mediaSequence;
  if (old.skippedSegments !== undefined || from < 0 || from + skippedSegments > old.segments.length) {
    throw new PlaylistError(
      `delta skips ${skippedSegments} segments from ${delta.mediaSequence}, ` +
        `but the base lists ${old.segments.length} from ${old.mediaSequence}`,
    );
  }
  const kept = old.segments.slice(from, from + skippedSegments).map(withoutParts);
  const dateRanges = mergeDateRanges(old.dateRanges ?? [], delta.dateRanges ?? [], removed);
  return {
    ...rest,
    segments: [...kept, ...delta.segments],
    ...(dateRanges.length === 0 ? {} : { dateRanges }),
  };
}

/** How many segments end at least `boundarySec` before the end of the last full segment. */
function countSkippable(segments: readonly MediaSegment[], boundarySec: number): number {
  let afterSec = 0;
  for (let index = segments.length - 1; index >= 0; index--) {
    if (afterSec >= boundarySec) return index + 1;
    afterSec += segments[index]?.durationSec ?? 0;
  }
  return 0;
}

function withoutParts(segment: MediaSegment): MediaSegment {
  return segment.parts.length === 0 ? segment : { ...segment, parts: [] };
}

function mergeDateRanges(
  old: readonly DateRange[],
  listed: readonly DateRange[],
  removed: readonly string[] | undefined,
): readonly DateRange[] {
  // Without RECENTLY-REMOVED-DATERANGES the update lists every date range itself (§4.4.5.2).
  if (removed === undefined) return listed;
  const gone = new Set([...removed, ...listed.map((range) => range.id)]);
  return [...old.filter((range) => !gone.has(range.id)), ...listed];
}
