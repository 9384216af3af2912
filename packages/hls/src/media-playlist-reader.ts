import { parseInteger } from './decimal.ts';
import type {
  ByteRange,
  DateRange,
  MediaInitialization,
  MediaPlaylist,
  MediaSegment,
  PartialSegment,
  PreloadHint,
  RenditionReport,
  SegmentHead,
  ServerControl,
} from './media-playlist.ts';
import { PlaylistError } from './playlist-error.ts';
import type { PlaylistLine } from './playlist-lines.ts';
import { parseByteRange } from './tags/ext-x-byterange.ts';
import { parseExtXDateRange } from './tags/ext-x-daterange.ts';
import { parseExtXMap } from './tags/ext-x-map.ts';
import { parseExtXPart } from './tags/ext-x-part.ts';
import { parseExtXPartInf } from './tags/ext-x-part-inf.ts';
import { parseExtXPlaylistType } from './tags/ext-x-playlist-type.ts';
import { parseExtXPreloadHint } from './tags/ext-x-preload-hint.ts';
import { parseDateTime } from './tags/ext-x-program-date-time.ts';
import { parseExtXRenditionReport } from './tags/ext-x-rendition-report.ts';
import { parseExtXServerControl } from './tags/ext-x-server-control.ts';
import { parseExtXSkip, type Skip } from './tags/ext-x-skip.ts';
import { parseExtinf } from './tags/extinf.ts';

/** Builds a media playlist line by line. Errors have no line number: the caller adds it. */
export class MediaPlaylistReader {
  /** Tags of which a media playlist may have one at most (rfc8216bis §4.4.3), as read so far. */
  readonly #once = new Set<string>();
  #version: number | undefined;
  #targetDurationSec: number | undefined;
  #partTargetSec: number | undefined;
  #serverControl: ServerControl | undefined;
  #mediaSequence = 0;
  #discontinuitySequence = 0;
  #independentSegments = false;
  #playlistType: 'EVENT' | 'VOD' | undefined;
  #skip: Skip | undefined;
  #endList = false;
  readonly #segments: MediaSegment[] = [];
  readonly #preloadHints: PreloadHint[] = [];
  readonly #renditionReports: RenditionReport[] = [];
  readonly #dateRanges: DateRange[] = [];
  readonly #unknownTags: string[] = [];

  /** EXT-X-MAP stays in force until the next one. */
  #map: MediaInitialization | undefined;
  #headTagSeen = false;
  #discontinuity = false;
  #programDateTimeMs: number | undefined;
  #parts: PartialSegment[] = [];
  #durationSec: number | undefined;
  #gap = false;
  #byteRange: ByteRange | undefined;

  /** Takes the next line. Throws PlaylistError. */
  read(line: PlaylistLine): void {
    const { tag, value } = line;
    if (tag === undefined) this.#closeSegment(value);
    else if (!this.#readSegmentTag(tag, value) && !this.#readPlaylistTag(tag, value)) {
      this.#unknownTags.push(value === '' ? `#${tag}` : `#${tag}:${value}`);
    }
  }

  /** What was read. Throws PlaylistError when EXT-X-TARGETDURATION is missing (§4.4.3.1: REQUIRED). */
  finish(): { readonly playlist: MediaPlaylist; readonly version: number } {
    if (this.#targetDurationSec === undefined) throw new PlaylistError('EXT-X-TARGETDURATION is missing');
    if (this.#durationSec !== undefined) throw new PlaylistError('the last EXTINF has no URI');
    const playlist: MediaPlaylist = {
      targetDurationSec: this.#targetDurationSec,
      ...(this.#partTargetSec === undefined ? {} : { partTargetSec: this.#partTargetSec }),
      ...(this.#serverControl === undefined ? {} : { serverControl: this.#serverControl }),
      mediaSequence: this.#mediaSequence,
      discontinuitySequence: this.#discontinuitySequence,
      independentSegments: this.#independentSegments,
      ...(this.#playlistType === undefined ? {} : { playlistType: this.#playlistType }),
      ...this.#skip,
      segments: this.#segments,
      ...(this.#headTagSeen ? { open: this.#takeHead() } : {}),
      preloadHints: this.#preloadHints,
      renditionReports: this.#renditionReports,
      endList: this.#endList,
      ...(this.#dateRanges.length === 0 ? {} : { dateRanges: this.#dateRanges }),
      ...(this.#unknownTags.length === 0 ? {} : { unknownTags: this.#unknownTags }),
    };
    return { playlist, version: this.#version ?? 1 };
  }

  #readSegmentTag(tag: string, value: string): boolean {
    switch (tag) {
      case 'EXTINF':
        this.#durationSec = parseExtinf(value);
        return true;
      case 'EXT-X-BYTERANGE':
        this.#byteRange = parseByteRange(value);
        return true;
      case 'EXT-X-GAP':
        this.#gap = true;
        return true;
      case 'EXT-X-DISCONTINUITY':
        this.#discontinuity = true;
        break;
      case 'EXT-X-MAP':
        this.#map = parseExtXMap(value);
        break;
      case 'EXT-X-PROGRAM-DATE-TIME':
        this.#programDateTimeMs = parseDateTime(value);
        break;
      case 'EXT-X-PART':
        this.#parts.push(parseExtXPart(value));
        break;
      default:
        return false;
    }
    this.#headTagSeen = true;
    return true;
  }

  #readPlaylistTag(tag: string, value: string): boolean {
    switch (tag) {
      case 'EXT-X-PRELOAD-HINT':
        this.#preloadHints.push(parseExtXPreloadHint(value));
        return true;
      case 'EXT-X-RENDITION-REPORT':
        this.#renditionReports.push(parseExtXRenditionReport(value));
        return true;
      case 'EXT-X-DATERANGE':
        this.#dateRanges.push(parseExtXDateRange(value));
        return true;
      case 'EXTM3U':
        this.#first(tag);
        return true;
      case 'EXT-X-VERSION':
        this.#first(tag);
        this.#version = parseInteger(value);
        return true;
      case 'EXT-X-TARGETDURATION':
        this.#first(tag);
        this.#targetDurationSec = parseInteger(value);
        return true;
      case 'EXT-X-MEDIA-SEQUENCE':
        this.#first(tag);
        this.#mediaSequence = parseInteger(value);
        return true;
      case 'EXT-X-DISCONTINUITY-SEQUENCE':
        this.#first(tag);
        this.#discontinuitySequence = parseInteger(value);
        return true;
      default:
        return this.#readRareTag(tag, value);
    }
  }

  #readRareTag(tag: string, value: string): boolean {
    switch (tag) {
      case 'EXT-X-PART-INF':
        this.#first(tag);
        this.#partTargetSec = parseExtXPartInf(value);
        return true;
      case 'EXT-X-SERVER-CONTROL':
        this.#first(tag);
        this.#serverControl = parseExtXServerControl(value);
        return true;
      case 'EXT-X-SKIP':
        this.#first(tag);
        this.#skip = parseExtXSkip(value);
        return true;
      case 'EXT-X-PLAYLIST-TYPE':
        this.#first(tag);
        this.#playlistType = parseExtXPlaylistType(value);
        return true;
      case 'EXT-X-INDEPENDENT-SEGMENTS':
        this.#first(tag);
        this.#independentSegments = true;
        return true;
      case 'EXT-X-ENDLIST':
        this.#first(tag);
        this.#endList = true;
        return true;
      case 'EXT-X-STREAM-INF':
        throw new PlaylistError('this is a multivariant playlist');
      default:
        return false;
    }
  }

  /** "There MUST NOT be more than one" of each media playlist tag (§4.4.3). */
  #first(tag: string): void {
    if (this.#once.has(tag)) throw new PlaylistError('the tag is given twice');
    this.#once.add(tag);
  }

  #closeSegment(uri: string): void {
    if (this.#durationSec === undefined)
      throw new PlaylistError(`no EXTINF before the URI ${JSON.stringify(uri)}`);
    const segment: MediaSegment = {
      ...this.#takeHead(),
      uri,
      durationSec: this.#durationSec,
      gap: this.#gap,
      ...(this.#byteRange === undefined ? {} : { byteRange: this.#byteRange }),
    };
    this.#segments.push(segment);
    this.#durationSec = undefined;
    this.#gap = false;
    this.#byteRange = undefined;
  }

  #takeHead(): SegmentHead {
    const head: SegmentHead = {
      discontinuity: this.#discontinuity,
      ...(this.#map === undefined ? {} : { map: this.#map }),
      ...(this.#programDateTimeMs === undefined ? {} : { programDateTimeMs: this.#programDateTimeMs }),
      parts: this.#parts,
    };
    this.#headTagSeen = false;
    this.#discontinuity = false;
    this.#programDateTimeMs = undefined;
    this.#parts = [];
    return head;
  }
}
