import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import { canSkipUntilSec, holdBackSec } from '../rules/hold-back.ts';
import { type Finding, lineOf, linesOf, must, type PlaylistRule, sec, should } from './finding.ts';

/** Decimals are printed rounded; a distance may come out this much short of its multiple. */
const TOLERANCE_SEC = 5e-5;

/** Rule 25: HOLD-BACK is at least 3 target durations, PART-HOLD-BACK at least 2, better 3 part targets (§4.4.3.8). */
export function* lintHoldBack(read: ReadMediaPlaylist): Iterable<Finding> {
  const { serverControl, targetDurationSec, partTargetSec } = read.playlist;
  const line = lineOf(read, 'EXT-X-SERVER-CONTROL');
  const holdBack = serverControl?.holdBackSec;
  if (holdBack !== undefined && holdBack < holdBackSec(targetDurationSec) - TOLERANCE_SEC) {
    yield must(25, `HOLD-BACK ${sec(holdBack)} is below three times ${targetDurationSec} s`, line);
  }
  if (partTargetSec === undefined) return;
  const partHoldBack = serverControl?.partHoldBackSec;
  if (partHoldBack === undefined) yield must(25, 'there is EXT-X-PART-INF but no PART-HOLD-BACK', line);
  else if (partHoldBack < 2 * partTargetSec - TOLERANCE_SEC) {
    yield must(
      25,
      `PART-HOLD-BACK ${sec(partHoldBack)} is below twice PART-TARGET ${sec(partTargetSec)}`,
      line,
    );
  } else if (partHoldBack < 3 * partTargetSec - TOLERANCE_SEC) {
    yield should(25, `PART-HOLD-BACK ${sec(partHoldBack)} is below three times ${sec(partTargetSec)}`, line);
  }
}

/** Rule 26: CAN-SKIP-UNTIL is at least six target durations; CAN-SKIP-DATERANGES needs it (§4.4.3.8). */
export function* lintSkipControl(read: ReadMediaPlaylist): Iterable<Finding> {
  const { serverControl, targetDurationSec } = read.playlist;
  const line = lineOf(read, 'EXT-X-SERVER-CONTROL');
  const until = serverControl?.canSkipUntilSec;
  if (until !== undefined && until < canSkipUntilSec(targetDurationSec) - TOLERANCE_SEC) {
    yield must(26, `CAN-SKIP-UNTIL ${sec(until)} is below six times ${targetDurationSec} s`, line);
  }
  if (until === undefined && serverControl?.canSkipDateRanges === true) {
    yield must(26, 'CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL', line);
  }
}

/** Rule 35: one hint of each type at most; the next part is always hinted while a low-latency stream lives. */
export function* lintPreloadHint(read: ReadMediaPlaylist): Iterable<Finding> {
  const { preloadHints, partTargetSec, endList } = read.playlist;
  for (const type of ['PART', 'MAP'] as const) {
    if (preloadHints.filter((hint) => hint.type === type).length > 1) {
      yield must(
        35,
        `more than one EXT-X-PRELOAD-HINT with TYPE=${type}`,
        lineOf(read, 'EXT-X-PRELOAD-HINT'),
      );
    }
  }
  if (partTargetSec !== undefined && !endList && !preloadHints.some((hint) => hint.type === 'PART')) {
    yield must(35, 'the next part is not hinted (B.1)');
  }
}

/** Rule 38: a report's URI is relative, and it names the last part when there are parts (§4.4.5.4). */
export function* lintReportFields(read: ReadMediaPlaylist): Iterable<Finding> {
  const lines = linesOf(read, 'EXT-X-RENDITION-REPORT');
  for (const [index, report] of read.playlist.renditionReports.entries()) {
    const line = lines[index]?.line;
    if (/^[a-z][a-z0-9+.-]*:/i.test(report.uri))
      yield must(38, `the report's URI is not relative: ${report.uri}`, line);
    if (report.lastPart === undefined && read.playlist.partTargetSec !== undefined) {
      yield must(38, `LAST-PART is missing for ${report.uri}`, line);
    }
  }
}

/** Rule 40: a delta update keeps what is inside the skip boundary, and has both sequence tags before EXT-X-SKIP. */
export function* lintSkip(read: ReadMediaPlaylist): Iterable<Finding> {
  const { skippedSegments, serverControl, segments } = read.playlist;
  if (skippedSegments === undefined) return;
  const line = lineOf(read, 'EXT-X-SKIP');
  const until = serverControl?.canSkipUntilSec;
  if (until === undefined) yield must(40, 'EXT-X-SKIP without CAN-SKIP-UNTIL', line);
  if (skippedSegments === 0) yield should(40, 'EXT-X-SKIP skips nothing', line);
  const listedSec = segments.reduce((sum, segment) => sum + segment.durationSec, 0);
  if (until !== undefined && listedSec < until - TOLERANCE_SEC) {
    yield must(40, `only ${sec(listedSec)} are listed, the skip boundary is at ${sec(until)}`, line);
  }
  for (const tag of ['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE']) {
    const at = lineOf(read, tag);
    if (at !== undefined && line !== undefined && at > line)
      yield must(40, `${tag} comes after EXT-X-SKIP`, at);
  }
}

/** Rule 41: date ranges are skipped only where that is offered (§6.2.5.1). */
export function* lintSkippedDateRanges(read: ReadMediaPlaylist): Iterable<Finding> {
  const { recentlyRemovedDateRanges, serverControl } = read.playlist;
  if (recentlyRemovedDateRanges !== undefined && serverControl?.canSkipDateRanges !== true) {
    yield must(41, 'RECENTLY-REMOVED-DATERANGES without CAN-SKIP-DATERANGES', lineOf(read, 'EXT-X-SKIP'));
  }
}

/** Rules about EXT-X-SERVER-CONTROL, hints, reports and deltas. */
export const CONTROL_RULES: readonly PlaylistRule[] = [
  lintHoldBack,
  lintSkipControl,
  lintPreloadHint,
  lintReportFields,
  lintSkip,
  lintSkippedDateRanges,
];
