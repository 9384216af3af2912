import type { MediaInitialization, MediaPlaylist, MediaSegment, SegmentHead } from './media-playlist.ts';
import { writeExtXByteRange } from './tags/ext-x-byterange.ts';
import { writeExtXDateRange } from './tags/ext-x-daterange.ts';
import { isSameMap, writeExtXMap } from './tags/ext-x-map.ts';
import { writeExtXPart } from './tags/ext-x-part.ts';
import { writeExtXPartInf } from './tags/ext-x-part-inf.ts';
import { writeExtXPlaylistType } from './tags/ext-x-playlist-type.ts';
import { writeExtXPreloadHint } from './tags/ext-x-preload-hint.ts';
import { writeExtXProgramDateTime } from './tags/ext-x-program-date-time.ts';
import { writeExtXRenditionReport } from './tags/ext-x-rendition-report.ts';
import { writeExtXServerControl } from './tags/ext-x-server-control.ts';
import { writeExtXSkip } from './tags/ext-x-skip.ts';
import { requiredVersion, writeExtXVersion } from './tags/ext-x-version.ts';
import { writeExtinf } from './tags/extinf.ts';
import { writeIntegerTag } from './tags/integer-tags.ts';

/**
 * Renders a media playlist (rfc8216bis §4.4.3–4.4.5), full or delta. Segments that the packager keeps as the same
 * objects between versions are rendered once: an update costs what is new in it. Throws PlaylistError when a URI cannot
 * be quoted.
 */
export function writeMediaPlaylist(playlist: MediaPlaylist): string {
  let text = writeHeader(playlist);
  let map: MediaInitialization | undefined;
  for (const segment of playlist.segments) {
    text += writeSegment(segment, map);
    map = segment.map;
  }
  if (playlist.open !== undefined) text += writeHead(playlist.open, map);
  for (const range of playlist.dateRanges ?? []) text += `${writeExtXDateRange(range)}\n`;
  if (playlist.endList) {
    // §4.4.5.3: a hint MUST NOT stay in an ended playlist; reports only serve switching at the live edge.
    return `${text}#EXT-X-ENDLIST\n`;
  }
  for (const hint of playlist.preloadHints) text += `${writeExtXPreloadHint(hint)}\n`;
  for (const report of playlist.renditionReports) text += `${writeExtXRenditionReport(report)}\n`;
  return text;
}

function writeHeader(playlist: MediaPlaylist): string {
  let text = `#EXTM3U\n${writeExtXVersion(requiredVersion(playlist))}\n`;
  text += `${writeIntegerTag('EXT-X-TARGETDURATION', playlist.targetDurationSec)}\n`;
  const control =
    playlist.serverControl === undefined ? undefined : writeExtXServerControl(playlist.serverControl);
  if (control !== undefined) text += `${control}\n`;
  if (playlist.partTargetSec !== undefined) text += `${writeExtXPartInf(playlist.partTargetSec)}\n`;
  // §6.2.2 and AS 8.17: both sequence tags always, before the first segment and before EXT-X-SKIP.
  text += `${writeIntegerTag('EXT-X-MEDIA-SEQUENCE', playlist.mediaSequence)}\n`;
  text += `${writeIntegerTag('EXT-X-DISCONTINUITY-SEQUENCE', playlist.discontinuitySequence)}\n`;
  if (playlist.playlistType !== undefined) text += `${writeExtXPlaylistType(playlist.playlistType)}\n`;
  if (playlist.independentSegments) text += '#EXT-X-INDEPENDENT-SEGMENTS\n';
  const { skippedSegments, recentlyRemovedDateRanges } = playlist;
  if (skippedSegments === undefined) return text;
  const skip =
    recentlyRemovedDateRanges === undefined
      ? { skippedSegments }
      : { skippedSegments, recentlyRemovedDateRanges };
  return `${text}${writeExtXSkip(skip)}\n`;
}

/** What a segment object was last rendered to. The text also depends on whether its EXT-X-MAP has to be repeated. */
interface RenderedSegment {
  readonly withMap: boolean;
  readonly text: string;
}

const rendered = new WeakMap<MediaSegment, RenderedSegment>();

function writeSegment(segment: MediaSegment, previousMap: MediaInitialization | undefined): string {
  const withMap = needsMap(segment, previousMap);
  const known = rendered.get(segment);
  if (known?.withMap === withMap) return known.text;
  let text = writeHead(segment, previousMap);
  if (segment.gap) text += '#EXT-X-GAP\n';
  text += `${writeExtinf(segment.durationSec)}\n`;
  if (segment.byteRange !== undefined) text += `${writeExtXByteRange(segment.byteRange)}\n`;
  text += `${segment.uri}\n`;
  rendered.set(segment, { withMap, text });
  return text;
}

/** Everything that has to stand before the first EXT-X-PART of the parent segment (§4.4.4.9), and the parts. */
function writeHead(head: SegmentHead, previousMap: MediaInitialization | undefined): string {
  let text = head.discontinuity ? '#EXT-X-DISCONTINUITY\n' : '';
  if (head.map !== undefined && needsMap(head, previousMap)) text += `${writeExtXMap(head.map)}\n`;
  if (head.programDateTimeMs !== undefined) text += `${writeExtXProgramDateTime(head.programDateTimeMs)}\n`;
  for (const part of head.parts) text += `${writeExtXPart(part)}\n`;
  return text;
}

/** The first segment, also the first after EXT-X-SKIP, has no previous map and so always prints its own. */
function needsMap(head: SegmentHead, previousMap: MediaInitialization | undefined): boolean {
  return head.map !== undefined && (head.discontinuity || !isSameMap(head.map, previousMap));
}
