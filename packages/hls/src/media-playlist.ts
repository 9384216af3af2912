/**
 * A media playlist as data (draft-pantos-hls-rfc8216bis-22 §4.4.3–4.4.5). Times are seconds, dates are Unix milliseconds.
 * Writing and parsing live in `write-media-playlist.ts` and `parse-media-playlist.ts`.
 */
export interface MediaPlaylist {
  /** EXT-X-TARGETDURATION (required): an integer that never changes in a playlist's life. */
  readonly targetDurationSec: number;
  /** EXT-X-PART-INF PART-TARGET; required when any part is listed. */
  readonly partTargetSec?: number;
  /** EXT-X-SERVER-CONTROL; the same in all renditions. */
  readonly serverControl?: ServerControl;
  /** EXT-X-MEDIA-SEQUENCE: number of the first segment, listed or skipped. */
  readonly mediaSequence: number;
  /** EXT-X-DISCONTINUITY-SEQUENCE. */
  readonly discontinuitySequence: number;
  /** EXT-X-INDEPENDENT-SEGMENTS. */
  readonly independentSegments: boolean;
  /** EXT-X-PLAYLIST-TYPE; absent for a sliding window. */
  readonly playlistType?: 'EVENT' | 'VOD';
  /** EXT-X-SKIP SKIPPED-SEGMENTS; present only in a delta update. Skipped segments are not in `segments`. */
  readonly skippedSegments?: number;
  /** Complete segments, oldest first. */
  readonly segments: readonly MediaSegment[];
  /** The segment being made: its parts are listed, its EXTINF is not yet. */
  readonly open?: SegmentHead;
  /** EXT-X-PRELOAD-HINT, at most one of each type. */
  readonly preloadHints: readonly PreloadHint[];
  /** EXT-X-RENDITION-REPORT, one for each other rendition. */
  readonly renditionReports: readonly RenditionReport[];
  /** EXT-X-ENDLIST. */
  readonly endList: boolean;
  /** EXT-X-DATERANGE, in the order listed. */
  readonly dateRanges?: readonly DateRange[];
  /** EXT-X-SKIP RECENTLY-REMOVED-DATERANGES; present only in a delta update that skips date ranges. */
  readonly recentlyRemovedDateRanges?: readonly string[];
  /** Lines of foreign playlists that this model has no field for, such as EXT-X-KEY; read, never written. */
  readonly unknownTags?: readonly string[];
}

/** What is known of a segment from its first part on. */
export interface SegmentHead {
  /** EXT-X-DISCONTINUITY before this segment. */
  readonly discontinuity: boolean;
  /** The EXT-X-MAP in force. The writer prints it when it differs from the segment before and after a discontinuity. */
  readonly map?: MediaInitialization;
  /** EXT-X-PROGRAM-DATE-TIME in Unix milliseconds (fractions allowed). */
  readonly programDateTimeMs?: number;
  /** EXT-X-PART lines still listed; empty once the segment is old. */
  readonly parts: readonly PartialSegment[];
}

/** A complete segment: EXTINF and URI. */
export interface MediaSegment extends SegmentHead {
  readonly uri: string;
  /** EXTINF duration in seconds. */
  readonly durationSec: number;
  /** EXT-X-GAP: the media is missing. */
  readonly gap: boolean;
  /** EXT-X-BYTERANGE of foreign playlists. */
  readonly byteRange?: ByteRange;
}

/** `length[@offset]` (§4.4.4.2). */
export interface ByteRange {
  readonly length: number;
  readonly offset?: number;
}

/** EXT-X-MAP (§4.4.4.5). */
export interface MediaInitialization {
  readonly uri: string;
  readonly byteRange?: ByteRange;
}

/** EXT-X-PART (§4.4.4.9). */
export interface PartialSegment {
  readonly uri: string;
  readonly durationSec: number;
  readonly independent: boolean;
  readonly gap: boolean;
  readonly byteRange?: ByteRange;
}

/** EXT-X-SERVER-CONTROL (§4.4.3.8). */
export interface ServerControl {
  readonly canBlockReload: boolean;
  readonly canSkipUntilSec?: number;
  readonly canSkipDateRanges?: boolean;
  readonly holdBackSec?: number;
  readonly partHoldBackSec?: number;
}

/** EXT-X-PRELOAD-HINT (§4.4.5.3). */
export interface PreloadHint {
  readonly type: 'PART' | 'MAP';
  readonly uri: string;
  readonly byteRangeStart?: number;
  readonly byteRangeLength?: number;
}

/** EXT-X-RENDITION-REPORT (§4.4.5.4). */
export interface RenditionReport {
  readonly uri: string;
  readonly lastMsn: number;
  readonly lastPart?: number;
}

/** EXT-X-DATERANGE (§4.4.5.1). */
export interface DateRange {
  readonly id: string;
  /** START-DATE in Unix milliseconds. */
  readonly startMs?: number;
  readonly class?: string;
  readonly durationSec?: number;
  /** The whole attribute list as text; what the writer prints. */
  readonly attributes: string;
}
