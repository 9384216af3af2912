import type { RenditionReport } from '../media-playlist.ts';
import type { PlaylistEdge } from './playlist-edge.ts';

/**
 * The EXT-X-RENDITION-REPORT of another rendition (rfc8216bis §4.4.5.4): LAST-MSN and LAST-PART MUST name the last part
 * that its playlist lists. Undefined while nothing is listed. `partCount` tells the parts of a complete segment.
 */
export function renditionReport(
  uri: string,
  edge: PlaylistEdge,
  partCount: (msn: number) => number | undefined,
): RenditionReport | undefined {
  if (edge.part >= 0) return { uri, lastMsn: edge.msn, lastPart: edge.part };
  const lastMsn = edge.complete ? edge.msn : edge.msn - 1;
  const parts = partCount(lastMsn) ?? 0;
  // An open segment without parts is not listed: the last part is the last one of the segment before.
  if (parts > 0) return { uri, lastMsn, lastPart: parts - 1 };
  return edge.complete ? { uri, lastMsn } : undefined;
}
