import type { MediaPlaylist } from '../media-playlist.ts';

/** EXT-X-VERSION (rfc8216bis §4.4.1.2). */
export function writeExtXVersion(version: number): string {
  return `#EXT-X-VERSION:${version}`;
}

/**
 * The lowest version that the playlist needs (§8). The low-latency tags themselves have no floor, so a full playlist of
 * fMP4 segments is version 6, and only its delta updates are 9, or 10 when they skip date ranges as well.
 */
export function requiredVersion(playlist: MediaPlaylist): number {
  if (playlist.recentlyRemovedDateRanges !== undefined) return 10;
  if (playlist.skippedSegments !== undefined) return 9;
  if (playlist.open?.map !== undefined || playlist.segments.some((segment) => segment.map !== undefined))
    return 6;
  if (playlist.segments.some((segment) => segment.byteRange !== undefined)) return 4;
  // Durations are decimals.
  return 3;
}
