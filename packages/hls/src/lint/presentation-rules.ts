import type { MediaPlaylist } from '../media-playlist.ts';
import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import type { ReadMultivariantPlaylist } from '../parse-multivariant-playlist.ts';
import { edgeOf } from '../rules/playlist-edge.ts';
import { writeExtXServerControl } from '../tags/ext-x-server-control.ts';
import { type Finding, must, sec, should } from './finding.ts';

/** One media playlist of a presentation. */
export interface LocatedPlaylist {
  /** Absolute URL, without delivery directives. */
  readonly url: string;
  readonly read: ReadMediaPlaylist;
}

/** All playlists of a presentation, fetched within a short time; deltas are merged before. */
export interface PresentationSnapshot {
  /** Absent when only a media playlist is known. */
  readonly multivariant?: ReadMultivariantPlaylist;
  readonly media: readonly LocatedPlaylist[];
  /** How far apart the fetches may lie, in seconds. */
  readonly spreadSec: number;
}

/** A rule about several playlists of one presentation. */
export type PresentationRule = (snapshot: PresentationSnapshot) => Iterable<Finding>;

/** Rule 3: the target duration is the same in all renditions (§6.2.4). */
export const lintEqualTargets = equalIn(
  3,
  'EXT-X-TARGETDURATION',
  (playlist) => `${playlist.targetDurationSec}`,
);

/** Rule 24: EXT-X-SERVER-CONTROL is the same in all renditions (§6.2.4). */
export const lintEqualControls = equalIn(24, 'EXT-X-SERVER-CONTROL', ({ serverControl }) =>
  serverControl === undefined ? 'absent' : (writeExtXServerControl(serverControl) ?? 'empty'),
);

/** Rule 45: the playlist type is the same in all renditions (§6.2.4). */
export const lintEqualTypes = equalIn(
  45,
  'EXT-X-PLAYLIST-TYPE',
  (playlist) => playlist.playlistType ?? 'absent',
);

/** Rule 46: all renditions end together (§6.2.4). */
export const lintEqualEnds = equalIn(46, 'EXT-X-ENDLIST', (playlist) =>
  playlist.endList ? 'there' : 'absent',
);

/** Rule 48: playlists with date ranges have the same ones (§6.2.4). */
export const lintEqualDateRanges = equalIn(
  48,
  'the set of date ranges',
  ({ dateRanges }) => [...new Set(dateRanges?.map(({ id }) => id))].sort().join(' '),
  ({ dateRanges }) => dateRanges !== undefined,
);

/** Rule 8: the same content has the same discontinuity sequence number in all renditions (§6.2.4). */
export function* lintEqualDiscontinuities({ media }: PresentationSnapshot): Iterable<Finding> {
  const [first, ...others] = media;
  if (first === undefined) return;
  const reference = discontinuityNumbers(first.read.playlist);
  for (const { url, read } of others) {
    const differing = discontinuityNumbers(read.playlist).find(({ startMs, number }) =>
      reference.some((it) => Math.abs(it.startMs - startMs) < 100 && it.number !== number),
    );
    if (differing === undefined) continue;
    const at = new Date(differing.startMs).toISOString();
    yield {
      ...must(8, `the media of ${at} has discontinuity number ${differing.number}, elsewhere another`),
      playlist: url,
    };
  }
}

/** Rule 11: EXT-X-INDEPENDENT-SEGMENTS in the multivariant playlist or in every media playlist (authoring spec 9.11). */
export function* lintIndependentSegments({ multivariant, media }: PresentationSnapshot): Iterable<Finding> {
  if (multivariant?.playlist.independentSegments === true) return;
  for (const { url, read } of media) {
    if (read.playlist.independentSegments) continue;
    const words = 'EXT-X-INDEPENDENT-SEGMENTS is neither here nor in the multivariant playlist';
    const isLowLatency = read.playlist.partTargetSec !== undefined;
    yield { ...(isLowLatency ? must(11, `${words} (B.1)`) : should(11, words)), playlist: url };
  }
}

/** Rule 25: PART-HOLD-BACK is at least twice the largest part target of all renditions (§4.4.3.8). */
export function* lintLargestPartTarget({ media }: PresentationSnapshot): Iterable<Finding> {
  const largest = Math.max(0, ...media.map(({ read }) => read.playlist.partTargetSec ?? 0));
  for (const { url, read } of media) {
    const partHoldBack = read.playlist.serverControl?.partHoldBackSec;
    if (partHoldBack === undefined || partHoldBack >= 2 * largest - 5e-5) continue;
    yield {
      ...must(25, `PART-HOLD-BACK ${sec(partHoldBack)} is below twice ${sec(largest)}`),
      playlist: url,
    };
  }
}

/** Rule 38: a low-latency playlist reports on every other one, as fresh as itself (§4.4.5.4, B.1). */
export function* lintReports({ multivariant, media, spreadSec }: PresentationSnapshot): Iterable<Finding> {
  for (const { url, read } of media) {
    const { partTargetSec, endList, renditionReports } = read.playlist;
    if (partTargetSec === undefined || endList) continue;
    const reports = new Map(renditionReports.map((report) => [plainUrl(report.uri, url), report]));
    for (const other of media) {
      if (other.url === url) continue;
      const report = reports.get(plainUrl(other.url, url));
      if (report === undefined) {
        yield { ...must(38, `no EXT-X-RENDITION-REPORT for ${other.url} (B.1)`), playlist: url };
        continue;
      }
      const behind = Math.abs(edgeOf(other.read.playlist).msn - report.lastMsn);
      // A boundary may lie between the two fetches.
      if (behind <= 1 + Math.ceil(spreadSec / read.playlist.targetDurationSec)) continue;
      yield { ...must(38, `the report on ${other.url} is ${behind} segments off`), playlist: url };
    }
    if (multivariant === undefined) continue;
    for (const reported of reports.keys()) {
      if (media.some((other) => plainUrl(other.url, url) === reported)) continue;
      yield {
        ...should(38, `the report on ${reported} is about no playlist of the presentation`),
        playlist: url,
      };
    }
  }
}

/** Rule 39: all renditions are updated within one part target of each other (B.1); measured by their dates. */
export function* lintSync({ media, spreadSec }: PresentationSnapshot): Iterable<Finding> {
  const ends = media.flatMap(({ url, read }) => {
    const endMs = endMsOf(read.playlist);
    return endMs === undefined || read.playlist.endList ? [] : [{ url, endMs, step: stepSec(read.playlist) }];
  });
  const newest = Math.max(...ends.map(({ endMs }) => endMs));
  for (const { url, endMs, step } of ends) {
    const behindSec = (newest - endMs) / 1000;
    // One update may be due, and another one has come between the fetches.
    if (behindSec <= 2 * step + spreadSec) continue;
    yield { ...must(39, `${sec(behindSec)} behind the newest rendition`), playlist: url };
  }
}

/** Rules about several playlists. */
export const PRESENTATION_RULES: readonly PresentationRule[] = [
  lintEqualTargets,
  lintEqualDiscontinuities,
  lintIndependentSegments,
  lintEqualControls,
  lintLargestPartTarget,
  lintReports,
  lintSync,
  lintEqualTypes,
  lintEqualEnds,
  lintEqualDateRanges,
];

/**
 * URL without query and fragment: reports and the multivariant playlist may carry different tokens. A URI that cannot
 * be resolved stays as it is, and so is about no playlist.
 */
function plainUrl(uri: string, base: string): string {
  if (!URL.canParse(uri, base)) return uri;
  const url = new URL(uri, base);
  url.search = '';
  url.hash = '';
  return url.href;
}

/** A rule that demands the same value of all playlists. */
function equalIn(
  rule: number,
  what: string,
  valueOf: (playlist: MediaPlaylist) => string,
  concerns: (playlist: MediaPlaylist) => boolean = () => true,
): PresentationRule {
  return function* ({ media }) {
    const [first, ...others] = media.filter(({ read }) => concerns(read.playlist));
    if (first === undefined) return;
    const expected = valueOf(first.read.playlist);
    for (const { url, read } of others) {
      const actual = valueOf(read.playlist);
      if (actual === expected) continue;
      yield { ...must(rule, `${what} is ${actual}, but ${expected} in ${first.url}`), playlist: url };
    }
  };
}

function discontinuityNumbers(
  playlist: MediaPlaylist,
): readonly { readonly startMs: number; readonly number: number }[] {
  let number = playlist.discontinuitySequence;
  let nextMs: number | undefined;
  const numbers: { startMs: number; number: number }[] = [];
  for (const segment of playlist.segments) {
    if (segment.discontinuity) number++;
    const startMs = segment.programDateTimeMs ?? nextMs;
    if (startMs !== undefined) numbers.push({ startMs, number });
    nextMs = startMs === undefined ? undefined : startMs + segment.durationSec * 1000;
  }
  return numbers;
}

/** Wall-clock time of the end of the last listed part. */
function endMsOf(playlist: MediaPlaylist): number | undefined {
  let endMs: number | undefined;
  for (const segment of playlist.segments) {
    const startMs: number | undefined = segment.programDateTimeMs ?? endMs;
    endMs = startMs === undefined ? undefined : startMs + segment.durationSec * 1000;
  }
  const openMs = playlist.open?.programDateTimeMs ?? endMs;
  if (openMs === undefined) return undefined;
  return openMs + (playlist.open?.parts ?? []).reduce((sum, part) => sum + part.durationSec * 1000, 0);
}

/** How long a playlist may go without an update: a part or, without parts, a segment. */
function stepSec(playlist: MediaPlaylist): number {
  return playlist.partTargetSec ?? 1.5 * playlist.targetDurationSec;
}
