import type { DateRange, MediaPlaylist, MediaSegment } from '../media-playlist.ts';
import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import { isSameMap } from '../tags/ext-x-map.ts';
import { writeExtXServerControl } from '../tags/ext-x-server-control.ts';
import { type Finding, lineOf, linesOf, must, type SuccessionRule, sec, should } from './finding.ts';

/** One printed decimal of difference: two writers may round apart. */
const TOLERANCE_SEC = 1.5e-5;

/** A segment that both versions list. */
interface CommonSegment {
  readonly msn: number;
  readonly before: MediaSegment;
  readonly after: MediaSegment;
  readonly line: number | undefined;
}

/** Rule 3: the target duration never changes (§6.2.1). */
export function* lintConstantTarget(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  const [was, is] = [before.playlist.targetDurationSec, after.playlist.targetDurationSec];
  if (was !== is)
    yield must(3, `EXT-X-TARGETDURATION went from ${was} to ${is}`, lineOf(after, 'EXT-X-TARGETDURATION'));
}

/** Rule 4: the EXTINF of a media sequence number never changes (§6.2.1). */
export function* lintConstantDuration(
  before: ReadMediaPlaylist,
  after: ReadMediaPlaylist,
): Iterable<Finding> {
  for (const common of commonSegments(before, after)) {
    const [was, is] = [common.before.durationSec, common.after.durationSec];
    if (Math.abs(was - is) <= TOLERANCE_SEC) continue;
    yield must(4, `EXTINF of segment ${common.msn} went from ${sec(was)} to ${sec(is)}`, common.line);
  }
}

/** Rule 5: the media sequence number never falls, and no listed segment is taken back (§6.2.2). */
export function* lintRisingSequence(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  const [was, is] = [before.playlist.mediaSequence, after.playlist.mediaSequence];
  if (is < was)
    yield must(5, `EXT-X-MEDIA-SEQUENCE fell from ${was} to ${is}`, lineOf(after, 'EXT-X-MEDIA-SEQUENCE'));
  else if (endOf(after.playlist) < endOf(before.playlist)) {
    yield must(5, `the last segment was ${endOf(before.playlist) - 1}, and is ${endOf(after.playlist) - 1}`);
  }
}

/** Rule 6: the same media sequence number is the same URI, byte range, map and discontinuity (§6.2.1). */
export function* lintSameSegments(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  for (const { msn, before: was, after: is, line } of commonSegments(before, after)) {
    if (was.uri !== is.uri) yield must(6, `segment ${msn} was ${was.uri} and is ${is.uri}`, line);
    else if (
      was.byteRange?.offset !== is.byteRange?.offset ||
      was.byteRange?.length !== is.byteRange?.length
    ) {
      yield must(6, `segment ${msn} has another byte range`, line);
    }
    if (was.discontinuity !== is.discontinuity) {
      yield must(6, `segment ${msn} ${is.discontinuity ? 'gained' : 'lost'} its EXT-X-DISCONTINUITY`, line);
    }
    if (was.gap !== is.gap) yield must(6, `segment ${msn} ${is.gap ? 'became' : 'is no longer'} a gap`, line);
  }
}

/** Rule 8: the discontinuity sequence rises by one with each discontinuity that leaves the playlist (§6.2.2). */
export function* lintDiscontinuityCount(
  before: ReadMediaPlaylist,
  after: ReadMediaPlaylist,
): Iterable<Finding> {
  const removed = after.playlist.mediaSequence - before.playlist.mediaSequence;
  if (removed < 0 || removed > before.playlist.segments.length) return;
  const gone = before.playlist.segments.slice(0, removed).filter((segment) => segment.discontinuity).length;
  const expected = before.playlist.discontinuitySequence + gone;
  const actual = after.playlist.discontinuitySequence;
  if (actual === expected) return;
  const line = lineOf(after, 'EXT-X-DISCONTINUITY-SEQUENCE');
  yield must(
    8,
    `EXT-X-DISCONTINUITY-SEQUENCE is ${actual}; ${expected} after ${gone} removed discontinuities`,
    line,
  );
}

/** Rule 9: the map of a segment never changes. */
export function* lintConstantMap(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  for (const { msn, before: was, after: is, line } of commonSegments(before, after)) {
    if (isSameMap(was.map, is.map)) continue;
    yield must(
      9,
      `the map of segment ${msn} was ${was.map?.uri ?? 'none'} and is ${is.map?.uri ?? 'none'}`,
      line,
    );
  }
}

/** Rule 10: the date of a segment never changes. */
export function* lintConstantDate(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  for (const { msn, before: was, after: is, line } of commonSegments(before, after)) {
    const [from, to] = [was.programDateTimeMs, is.programDateTimeMs];
    if (from === undefined || to === undefined || Math.abs(to - from) < 1.5) continue;
    yield should(10, `the date of segment ${msn} moved by ${to - from} ms`, line);
  }
}

/** Rule 14: the part target does not change; AVPlayer stops for good when it does. */
export function* lintConstantPartTarget(
  before: ReadMediaPlaylist,
  after: ReadMediaPlaylist,
): Iterable<Finding> {
  const [was, is] = [before.playlist.partTargetSec, after.playlist.partTargetSec];
  // The tag may go when the stream has ended and no parts are left.
  if (was === is || (is === undefined && after.playlist.endList)) return;
  yield must(14, `PART-TARGET went from ${was} to ${is}`, lineOf(after, 'EXT-X-PART-INF'));
}

/** Rule 22: a listed part stays the same until all parts of its segment leave (§6.2.1, §6.2.2). */
export function* lintSameParts(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  const heads = listedHeads(after.playlist);
  for (const [msn, was] of listedHeads(before.playlist)) {
    const is = heads.get(msn);
    if (is === undefined || is.parts.length === 0) continue;
    for (const [index, part] of was.parts.entries()) {
      const now = is.parts[index];
      const same =
        now?.uri === part.uri &&
        Math.abs(now.durationSec - part.durationSec) <= TOLERANCE_SEC &&
        now.gap === part.gap;
      if (!same)
        yield must(22, `part ${index} of segment ${msn} was ${part.uri} and is ${now?.uri ?? 'gone'}`);
    }
  }
}

/** Rule 24: EXT-X-SERVER-CONTROL does not change while the stream lives. */
export function* lintConstantControl(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  if (after.playlist.endList) return;
  const [was, is] = [before, after].map(({ playlist: { serverControl } }) =>
    serverControl === undefined ? undefined : writeExtXServerControl(serverControl),
  );
  if (was !== is)
    yield must(24, `was ${was ?? 'absent'}, is ${is ?? 'absent'}`, lineOf(after, 'EXT-X-SERVER-CONTROL'));
}

/** Rule 35: what was hinted is what comes next, unless it was given up (§4.4.5.3). */
export function* lintHintKept(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  const hint = before.playlist.preloadHints.find(({ type }) => type === 'PART');
  if (hint === undefined) return;
  const known = new Set<string>();
  for (const head of listedHeads(before.playlist).values()) for (const { uri } of head.parts) known.add(uri);
  const lines = linesOf(after, 'EXT-X-PART');
  const parts = [...listedHeads(after.playlist).values()].flatMap((head) => head.parts);
  const index = parts.findIndex(({ uri, byteRange }) => byteRange === undefined && !known.has(uri));
  const next = parts[index];
  if (next === undefined || next.uri === hint.uri) return;
  yield should(35, `the hint was ${hint.uri}, the next part is ${next.uri}`, lines[index]?.line);
}

/** Rule 43: nothing is removed that leaves less than three target durations (§6.2.2), or six segments (AS 8.11). */
export function* lintRemoval(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  const { segments, targetDurationSec, mediaSequence, endList } = after.playlist;
  if (endList || mediaSequence <= before.playlist.mediaSequence) return;
  const leftSec = segments.reduce((sum, segment) => sum + segment.durationSec, 0);
  if (leftSec < 3 * targetDurationSec)
    yield must(43, `a segment was removed, and only ${sec(leftSec)} are left`);
  else if (segments.length < 6)
    yield should(43, `a segment was removed, and only ${segments.length} are left`);
}

/** Rule 45: the type never changes; an EVENT playlist removes nothing (§4.4.3.5, §6.2.1). */
export function* lintConstantType(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  const [was, is] = [before.playlist.playlistType, after.playlist.playlistType];
  const line = lineOf(after, 'EXT-X-PLAYLIST-TYPE');
  if (was !== is) yield must(45, `EXT-X-PLAYLIST-TYPE went from ${was ?? 'none'} to ${is ?? 'none'}`, line);
  if (is === 'EVENT' && after.playlist.mediaSequence > before.playlist.mediaSequence) {
    yield must(45, 'a segment was removed from an EVENT playlist', line);
  }
}

/** Rule 46: after EXT-X-ENDLIST nothing changes (§6.2.1). */
export function* lintEndIsFinal(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<Finding> {
  if (!before.playlist.endList) return;
  if (!after.playlist.endList) yield must(46, 'EXT-X-ENDLIST was taken back');
  else if (endOf(after.playlist) > endOf(before.playlist))
    yield must(46, 'a segment was added after EXT-X-ENDLIST');
}

/** Rule 48: the attributes of a date range never change (§4.4.5.1). */
export function* lintConstantDateRanges(
  before: ReadMediaPlaylist,
  after: ReadMediaPlaylist,
): Iterable<Finding> {
  const known = new Map<string, DateRange>();
  for (const range of before.playlist.dateRanges ?? []) if (!known.has(range.id)) known.set(range.id, range);
  for (const range of after.playlist.dateRanges ?? []) {
    const was = known.get(range.id);
    known.delete(range.id);
    if (was !== undefined && was.startMs !== range.startMs) {
      yield must(48, `START-DATE of ${range.id} went from ${was.startMs} to ${range.startMs}`);
    }
    if (was?.class !== undefined && was.class !== range.class) {
      yield must(48, `CLASS of ${range.id} went from ${was.class} to ${range.class}`);
    }
  }
}

/** Rules about two successive versions. */
export const SUCCESSION_RULES: readonly SuccessionRule[] = [
  lintConstantTarget,
  lintConstantDuration,
  lintRisingSequence,
  lintSameSegments,
  lintDiscontinuityCount,
  lintConstantMap,
  lintConstantDate,
  lintConstantPartTarget,
  lintSameParts,
  lintConstantControl,
  lintHintKept,
  lintRemoval,
  lintConstantType,
  lintEndIsFinal,
  lintConstantDateRanges,
];

/** MSN after the last complete segment. */
function endOf(playlist: MediaPlaylist): number {
  return playlist.mediaSequence + playlist.segments.length;
}

function* commonSegments(before: ReadMediaPlaylist, after: ReadMediaPlaylist): Iterable<CommonSegment> {
  const shift = after.playlist.mediaSequence - before.playlist.mediaSequence;
  const extinf = linesOf(after, 'EXTINF');
  // A merged delta has more segments than lines: the lines are those of the last segments.
  const lineShift = after.playlist.segments.length - extinf.length;
  for (const [index, segment] of after.playlist.segments.entries()) {
    const was = before.playlist.segments[index + shift];
    if (was === undefined) continue;
    const msn = after.playlist.mediaSequence + index;
    yield { msn, before: was, after: segment, line: extinf[index - lineShift]?.line };
  }
}

/** Segments by MSN, the open one among them. */
function listedHeads(
  playlist: MediaPlaylist,
): ReadonlyMap<number, { readonly parts: MediaSegment['parts'] }> {
  const heads = playlist.open === undefined ? playlist.segments : [...playlist.segments, playlist.open];
  return new Map(heads.map((head, index) => [playlist.mediaSequence + index, head]));
}
