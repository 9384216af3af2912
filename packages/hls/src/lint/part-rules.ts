import type { PartialSegment } from '../media-playlist.ts';
import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import { partsListedSec } from '../rules/hold-back.ts';
import { type Finding, lineOf, linesOf, must, type PlaylistRule, sec, should } from './finding.ts';

/** Half a step of the decimals that we and others print: never a rounding error for a finding. */
const TOLERANCE_SEC = 5e-6;

/** A part with its place. */
interface PlacedPart {
  readonly part: PartialSegment;
  readonly line: number | undefined;
  /** The part after it in the same segment. */
  readonly next: PartialSegment | undefined;
  readonly index: number;
}

/** Rule 14: EXT-X-PART-INF is there when any part is (§4.4.3.7). */
export function* lintPartInf(read: ReadMediaPlaylist): Iterable<Finding> {
  const line = lineOf(read, 'EXT-X-PART');
  if (line !== undefined && read.playlist.partTargetSec === undefined) {
    yield must(14, 'there are parts but no EXT-X-PART-INF', line);
  }
}

/** Rule 15: no part lasts longer than the part target (§4.4.4.9). There is no exception. */
export function* lintPartCeiling(read: ReadMediaPlaylist): Iterable<Finding> {
  const target = read.playlist.partTargetSec ?? Infinity;
  for (const { part, line } of placedParts(read)) {
    if (part.durationSec <= target + TOLERANCE_SEC) continue;
    yield must(15, `part of ${sec(part.durationSec)} is above PART-TARGET ${sec(target)}`, line);
  }
}

/**
 * Rule 16: a part lasts at least 85 % of the part target, unless it is independent, a gap, before a gap, or the last of
 * its segment (§4.4.4.9). The newest part of an open segment may turn out to be the last.
 */
export function* lintPartFloor(read: ReadMediaPlaylist): Iterable<Finding> {
  const target = read.playlist.partTargetSec ?? 0;
  for (const { part, line, next } of placedParts(read)) {
    if (part.independent || part.gap || next === undefined || next.gap) continue;
    if (part.durationSec >= 0.85 * target - TOLERANCE_SEC) continue;
    yield must(16, `part of ${sec(part.durationSec)} is below 85 % of PART-TARGET ${sec(target)}`, line);
  }
}

/** Rule 18: where every segment begins with a keyframe, its first part is INDEPENDENT (§4.4.4.9). */
export function* lintIndependentParts(read: ReadMediaPlaylist): Iterable<Finding> {
  if (!read.playlist.independentSegments) return;
  for (const { part, line, index } of placedParts(read)) {
    if (index > 0 || part.independent || part.gap) continue;
    yield should(18, `${part.uri} begins an independent segment but is not INDEPENDENT`, line);
  }
}

/** Rule 20: a byte range without offset follows a range of the same resource, in the same segment (§4.4.4.9). */
export function* lintPartRanges(read: ReadMediaPlaylist): Iterable<Finding> {
  let previousUri: string | undefined;
  for (const { part, line, index } of placedParts(read)) {
    if (index === 0) previousUri = undefined;
    if (part.byteRange !== undefined && part.byteRange.offset === undefined && previousUri !== part.uri) {
      yield must(20, `BYTERANGE of ${part.uri} has no offset and nothing before it`, line);
    }
    previousUri = part.byteRange === undefined ? undefined : part.uri;
  }
}

/** Rule 22: parts leave the playlist when they are more than three target durations from its end (§6.2.2). */
export function* lintOldParts(read: ReadMediaPlaylist): Iterable<Finding> {
  const { segments, open, targetDurationSec } = read.playlist;
  const limit = partsListedSec(targetDurationSec);
  const extinf = linesOf(read, 'EXTINF');
  let fromEndSec = (open?.parts ?? []).reduce((sum, part) => sum + part.durationSec, 0);
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index];
    if (segment === undefined) break;
    if (fromEndSec > limit && segment.parts.length > 0) {
      yield should(22, `${segment.uri} lists parts ${sec(fromEndSec)} from the end`, extinf[index]?.line);
    }
    fromEndSec += segment.durationSec;
  }
}

/** Rules about EXT-X-PART. */
export const PART_RULES: readonly PlaylistRule[] = [
  lintPartInf,
  lintPartCeiling,
  lintPartFloor,
  lintIndependentParts,
  lintPartRanges,
  lintOldParts,
];

function* placedParts(read: ReadMediaPlaylist): Iterable<PlacedPart> {
  const lines = linesOf(read, 'EXT-X-PART');
  let seen = 0;
  const { segments, open } = read.playlist;
  for (const { parts } of open === undefined ? segments : [...segments, open]) {
    for (const [index, part] of parts.entries()) {
      yield { part, line: lines[seen]?.line, next: parts[index + 1], index };
      seen++;
    }
  }
}
