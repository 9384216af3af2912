import { AttributeList } from '../attribute-list.ts';
import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import { PlaylistError } from '../playlist-error.ts';
import { type Finding, lineOf, linesOf, must, type PlaylistRule, sec, should } from './finding.ts';

/** Rule 43: a live window of three target durations (§6.2.2) and six segments (authoring spec 8.11); a young stream has less. */
export function* lintWindow(read: ReadMediaPlaylist): Iterable<Finding> {
  const { segments, targetDurationSec, endList, skippedSegments = 0 } = read.playlist;
  if (endList || skippedSegments > 0) return;
  const listedSec = segments.reduce((sum, segment) => sum + segment.durationSec, 0);
  if (listedSec < 3 * targetDurationSec) {
    yield should(43, `the window is ${sec(listedSec)}, less than three times ${targetDurationSec} s`);
  } else if (segments.length < 6)
    yield should(43, `the window has ${segments.length} segments, fewer than 6`);
}

/** Rule 45: a VOD playlist does not change, so it has its EXT-X-ENDLIST (§4.4.3.5). */
export function* lintPlaylistType(read: ReadMediaPlaylist): Iterable<Finding> {
  if (read.playlist.playlistType === 'VOD' && !read.playlist.endList) {
    yield should(
      45,
      'EXT-X-PLAYLIST-TYPE is VOD, but there is no EXT-X-ENDLIST',
      lineOf(read, 'EXT-X-PLAYLIST-TYPE'),
    );
  }
}

/** Rule 46: an ended playlist has no hint and no open segment (§4.4.5.3). */
export function* lintEnd(read: ReadMediaPlaylist): Iterable<Finding> {
  const { endList, preloadHints, open } = read.playlist;
  if (!endList) return;
  if (preloadHints.length > 0) {
    yield must(46, 'EXT-X-PRELOAD-HINT stays after EXT-X-ENDLIST', lineOf(read, 'EXT-X-PRELOAD-HINT'));
  }
  if ((open?.parts.length ?? 0) > 0) {
    yield must(46, 'the last segment was never closed with EXTINF', lineOf(read, 'EXT-X-ENDLIST'));
  }
}

/** Rule 48: a date range has ID and START-DATE, the playlist has a date, and tags of one ID agree (§4.4.5.1). */
export function* lintDateRanges(read: ReadMediaPlaylist): Iterable<Finding> {
  const lines = linesOf(read, 'EXT-X-DATERANGE');
  const first = lines[0]?.line;
  if (first !== undefined && lineOf(read, 'EXT-X-PROGRAM-DATE-TIME') === undefined) {
    yield must(48, 'EXT-X-DATERANGE without EXT-X-PROGRAM-DATE-TIME', first);
  }
  const seen = new Map<string, AttributeList>();
  for (const { value, line } of lines) {
    const attributes = attributesOf(value);
    const id = attributes?.quoted('ID');
    if (attributes === undefined || id === undefined) continue;
    const earlier = seen.get(id);
    if (earlier === undefined && attributes.quoted('START-DATE') === undefined) {
      yield must(48, `EXT-X-DATERANGE ${id} has no START-DATE`, line);
    }
    for (const name of earlier === undefined ? [] : attributes.names()) {
      if (!earlier?.has(name) || earlier.text(name) === attributes.text(name)) continue;
      yield must(48, `EXT-X-DATERANGE ${id} has two values of ${name}`, line);
    }
    seen.set(id, earlier ?? attributes);
  }
}

/** Rule 49: an interstitial names exactly one of an asset and a list of assets (appendix D.2). */
export function* lintInterstitials(read: ReadMediaPlaylist): Iterable<Finding> {
  for (const { value, line } of linesOf(read, 'EXT-X-DATERANGE')) {
    const attributes = attributesOf(value);
    if (attributes?.text('CLASS') !== 'com.apple.hls.interstitial') continue;
    if (attributes.has('X-ASSET-URI') === attributes.has('X-ASSET-LIST')) {
      yield must(49, 'an interstitial needs either X-ASSET-URI or X-ASSET-LIST', line);
    }
  }
}

/** Rule 55: EXT-X-START does not point into the last three target durations of a live playlist (§4.4.2.2). */
export function* lintStart(read: ReadMediaPlaylist): Iterable<Finding> {
  const start = linesOf(read, 'EXT-X-START')[0];
  if (start === undefined || read.playlist.endList) return;
  const offsetSec = attributesOf(start.value)?.text('TIME-OFFSET');
  const fromEndSec = offsetSec?.startsWith('-') === true ? -Number(offsetSec) : undefined;
  if (fromEndSec !== undefined && fromEndSec < 3 * read.playlist.targetDurationSec) {
    yield should(55, `EXT-X-START is ${sec(fromEndSec)} from the live end`, start.line);
  } else if (read.playlist.partTargetSec !== undefined) {
    yield should(55, 'EXT-X-START overrides PART-HOLD-BACK in some players', start.line);
  }
}

/** Rule 57: a key has a METHOD, and a URI unless that is NONE (§4.4.4.4). */
export function* lintKeys(read: ReadMediaPlaylist): Iterable<Finding> {
  for (const { value, line } of linesOf(read, 'EXT-X-KEY')) {
    const attributes = attributesOf(value);
    const method = attributes?.text('METHOD');
    if (attributes === undefined || method === undefined) yield must(57, 'EXT-X-KEY has no METHOD', line);
    else if (method === 'NONE' ? attributes.size > 1 : !attributes.has('URI')) {
      yield must(
        57,
        `EXT-X-KEY with METHOD=${method} ${method === 'NONE' ? 'has other attributes' : 'has no URI'}`,
        line,
      );
    }
  }
}

/** Rules about the window, its end, date ranges and keys. */
export const WINDOW_RULES: readonly PlaylistRule[] = [
  lintWindow,
  lintPlaylistType,
  lintEnd,
  lintDateRanges,
  lintInterstitials,
  lintStart,
  lintKeys,
];

/** Undefined for a list that cannot be read; rule 1 reports that where the parser reads the tag. */
function attributesOf(value: string): AttributeList | undefined {
  try {
    return new AttributeList(value);
  } catch (error) {
    if (error instanceof PlaylistError) return undefined;
    throw error;
  }
}
