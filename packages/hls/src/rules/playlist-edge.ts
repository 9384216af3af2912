import type { MediaPlaylist } from '../media-playlist.ts';

/** The last thing a media playlist lists: what blocking reload and EXT-X-RENDITION-REPORT speak of. */
export interface PlaylistEdge {
  /** Media sequence number of the segment that holds the last listed part: the open one, or the last complete one. */
  readonly msn: number;
  /** Index of the last listed part of that segment; −1 when it has none. */
  readonly part: number;
  /** True when that segment is complete (its EXTINF is listed). */
  readonly complete: boolean;
}

/** Reads the edge off a playlist, full or delta. An empty one has an open segment without parts. */
export function edgeOf(playlist: MediaPlaylist): PlaylistEdge {
  const nextMsn = playlist.mediaSequence + (playlist.skippedSegments ?? 0) + playlist.segments.length;
  const openParts = playlist.open?.parts.length ?? 0;
  const last = playlist.segments.at(-1);
  if (openParts > 0 || last === undefined) return { msn: nextMsn, part: openParts - 1, complete: false };
  return { msn: nextMsn - 1, part: last.parts.length - 1, complete: true };
}

/** MSN of the last complete segment: L of the rules. */
export function lastCompleteMsn(edge: PlaylistEdge): number {
  return edge.complete ? edge.msn : edge.msn - 1;
}
