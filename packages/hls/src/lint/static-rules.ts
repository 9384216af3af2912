import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import { fitsTargetDuration } from '../rules/target-duration.ts';
import { hasTimeZone } from '../tags/ext-x-program-date-time.ts';
import { requiredVersion } from '../tags/ext-x-version.ts';
import { type Finding, lineOf, linesOf, must, type PlaylistRule, sec, should } from './finding.ts';

/** File extensions of fragmented MP4. */
const FMP4 = /\.(m4s|mp4|m4v|m4a|cmf[vat])(\?|$)/i;

/** Tags that take effect from the first part of their segment on (rfc8216bis §4.4.4.9). */
const HEAD_TAGS = new Set(['EXT-X-DISCONTINUITY', 'EXT-X-KEY', 'EXT-X-MAP', 'EXT-X-PROGRAM-DATE-TIME']);

/** Rule 2: EXT-X-VERSION is as high as the tags need (§8, MUST), and no higher (§6.2.1, SHOULD). */
export function* lintVersion(read: ReadMediaPlaylist): Iterable<Finding> {
  const needed = neededVersion(read);
  const line = lineOf(read, 'EXT-X-VERSION');
  if (read.version < needed) yield must(2, `EXT-X-VERSION is ${read.version}, the tags need ${needed}`, line);
  if (read.version > needed) yield should(2, `EXT-X-VERSION is ${read.version}, ${needed} would do`, line);
}

/** Rule 3: the target duration is at least 1, and no segment rounds to more (§4.4.3.1). */
export function* lintTargetDuration(read: ReadMediaPlaylist): Iterable<Finding> {
  const { targetDurationSec, segments } = read.playlist;
  if (targetDurationSec < 1) {
    yield must(3, `EXT-X-TARGETDURATION is ${targetDurationSec}`, lineOf(read, 'EXT-X-TARGETDURATION'));
  }
  const extinf = linesOf(read, 'EXTINF');
  for (const [index, { durationSec }] of segments.entries()) {
    if (fitsTargetDuration(durationSec, targetDurationSec)) continue;
    yield must(
      3,
      `EXTINF ${sec(durationSec)} rounds above the target ${targetDurationSec} s`,
      extinf[index]?.line,
    );
  }
}

/** Rule 5: EXT-X-MEDIA-SEQUENCE stands before the first segment (§4.4.3.2). */
export function* lintMediaSequence(read: ReadMediaPlaylist): Iterable<Finding> {
  const line = lineOf(read, 'EXT-X-MEDIA-SEQUENCE');
  const first = firstMediaLine(read);
  if (line !== undefined && line > first) {
    yield must(5, `EXT-X-MEDIA-SEQUENCE comes after the first segment, line ${first}`, line);
  }
}

/** Rule 8: EXT-X-DISCONTINUITY-SEQUENCE stands before the first segment and any discontinuity (§4.4.3.3). */
export function* lintDiscontinuitySequence(read: ReadMediaPlaylist): Iterable<Finding> {
  const line = lineOf(read, 'EXT-X-DISCONTINUITY-SEQUENCE');
  const first = Math.min(firstMediaLine(read), lineOf(read, 'EXT-X-DISCONTINUITY') ?? Infinity);
  if (line === undefined) {
    if (!read.playlist.endList)
      yield should(8, 'EXT-X-DISCONTINUITY-SEQUENCE is missing (authoring spec 8.17)');
  } else if (line > first) yield must(8, `EXT-X-DISCONTINUITY-SEQUENCE comes after line ${first}`, line);
}

/** Rule 9: every fMP4 segment has a map, head tags stand before the first part, and a discontinuity repeats the map. */
export function* lintMap(read: ReadMediaPlaylist): Iterable<Finding> {
  const extinf = linesOf(read, 'EXTINF');
  for (const [index, segment] of read.playlist.segments.entries()) {
    if (segment.map !== undefined || segment.gap || !FMP4.test(segment.uri)) continue;
    yield must(9, `no EXT-X-MAP applies to ${segment.uri}`, extinf[index]?.line);
  }
  let partSeen = false;
  let awaitingMap: number | undefined;
  let mapSeen = false;
  for (const { tag, line } of read.lines) {
    if (tag === undefined) partSeen = false;
    else if (HEAD_TAGS.has(tag) && partSeen) yield must(9, `${tag} comes after a part of its segment`, line);
    if (tag === 'EXT-X-DISCONTINUITY') awaitingMap = line;
    if (tag === 'EXT-X-MAP') {
      awaitingMap = undefined;
      mapSeen = true;
    }
    if (tag !== 'EXT-X-PART' && tag !== 'EXTINF') continue;
    if (tag === 'EXT-X-PART') partSeen = true;
    if (awaitingMap !== undefined && mapSeen) {
      yield should(9, 'EXT-X-MAP is not repeated after the discontinuity', awaitingMap);
    }
    awaitingMap = undefined;
  }
}

/** Rule 10: a live playlist maps to wall-clock time, from its first segment and anew after each discontinuity. */
export function* lintProgramDateTime(read: ReadMediaPlaylist): Iterable<Finding> {
  const { segments, partTargetSec, endList } = read.playlist;
  const dates = linesOf(read, 'EXT-X-PROGRAM-DATE-TIME');
  for (const { value, line } of dates) {
    if (!hasTimeZone(value)) yield should(10, `EXT-X-PROGRAM-DATE-TIME has no time zone: ${value}`, line);
  }
  if (dates.length === 0) {
    const words = 'EXT-X-PROGRAM-DATE-TIME is missing';
    if (segments.length > 0 && !endList)
      yield partTargetSec === undefined ? should(10, words) : must(10, `${words} (B.1)`);
    return;
  }
  const extinf = linesOf(read, 'EXTINF');
  let endMs: number | undefined;
  for (const [index, segment] of segments.entries()) {
    const startMs = segment.programDateTimeMs;
    const line = extinf[index]?.line;
    if (startMs === undefined && (index === 0 || segment.discontinuity)) {
      const where = index === 0 ? 'the first segment' : 'the segment after a discontinuity';
      yield should(10, `${where} has no EXT-X-PROGRAM-DATE-TIME`, line);
    }
    if (startMs !== undefined && endMs !== undefined && endMs - startMs > 1000) {
      yield should(10, `dates overlap by ${sec((endMs - startMs) / 1000)}`, line);
    }
    endMs = startMs ?? endMs;
    if (endMs !== undefined) endMs += segment.durationSec * 1000;
  }
}

/** Rule 12: a segment with a missing part is itself a gap (§4.4.4.7, §4.4.4.9). */
export function* lintGap(read: ReadMediaPlaylist): Iterable<Finding> {
  const extinf = linesOf(read, 'EXTINF');
  for (const [index, segment] of read.playlist.segments.entries()) {
    if (segment.gap || !segment.parts.some((part) => part.gap)) continue;
    yield should(12, `${segment.uri} has a part with GAP=YES but no EXT-X-GAP`, extinf[index]?.line);
  }
}

/** Rules about the playlist as a text that never changes. */
export const STATIC_RULES: readonly PlaylistRule[] = [
  lintVersion,
  lintTargetDuration,
  lintMediaSequence,
  lintDiscontinuitySequence,
  lintMap,
  lintProgramDateTime,
  lintGap,
];

function firstMediaLine(read: ReadMediaPlaylist): number {
  const media = new Set([undefined, 'EXTINF', 'EXT-X-PART', 'EXT-X-SKIP']);
  return read.lines.find((line) => media.has(line.tag))?.line ?? Infinity;
}

/** §8, also for the tags that the model does not have. */
function neededVersion(read: ReadMediaPlaylist): number {
  const keys = linesOf(read, 'EXT-X-KEY');
  const wholeSeconds = linesOf(read, 'EXTINF').every(({ value }) => /^\d+(,|$)/.test(value));
  const modelled = requiredVersion(read.playlist);
  const floors = [
    // Version 3 is for decimal durations alone.
    modelled === 3 && wholeSeconds ? 1 : modelled,
    lineOf(read, 'EXT-X-I-FRAMES-ONLY') === undefined ? 1 : 4,
    keys.some(({ value }) => /(^|,)IV=/.test(value)) ? 2 : 1,
    keys.some(({ value }) => /(^|,)KEYFORMAT(VERSIONS)?=|METHOD=SAMPLE-AES/.test(value)) ? 5 : 1,
    lineOf(read, 'EXT-X-DEFINE') === undefined ? 1 : 8,
    linesOf(read, 'EXT-X-DEFINE').some(({ value }) => value.includes('QUERYPARAM=')) ? 11 : 1,
  ];
  return Math.max(...floors);
}
