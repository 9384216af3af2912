import { type ReadMediaPlaylist, readMediaPlaylist } from '../parse-media-playlist.ts';
import { type ReadMultivariantPlaylist, readMultivariantPlaylist } from '../parse-multivariant-playlist.ts';
import { PlaylistError } from '../playlist-error.ts';
import { mergeDelta } from '../rules/delta-update.ts';
import { isSameMap } from '../tags/ext-x-map.ts';
import { CONTROL_RULES } from './control-rules.ts';
import { type Finding, firstFindings, must, type PlaylistRule } from './finding.ts';
import { MULTIVARIANT_RULES } from './multivariant-rules.ts';
import { PART_RULES } from './part-rules.ts';
import { PRESENTATION_RULES, type PresentationSnapshot } from './presentation-rules.ts';
import { STATIC_RULES } from './static-rules.ts';
import { SUCCESSION_RULES } from './succession-rules.ts';
import { WINDOW_RULES } from './window-rules.ts';

/** A playlist that was read, if it could be, and what is wrong with it. */
export interface LintResult<Read> {
  /** Undefined when the text breaks the syntax, which is then the only finding (rule 1). */
  readonly read: Read | undefined;
  readonly findings: readonly Finding[];
}

const PLAYLIST_RULES: readonly PlaylistRule[] = [
  ...STATIC_RULES,
  ...PART_RULES,
  ...CONTROL_RULES,
  ...WINDOW_RULES,
];

/** Checks one media playlist, full or delta, against every rule that it can break alone. */
export function lintMediaPlaylist(text: string): LintResult<ReadMediaPlaylist> {
  return lintText(text, readMediaPlaylist, PLAYLIST_RULES);
}

/** Checks a multivariant playlist alone. */
export function lintMultivariantPlaylist(text: string): LintResult<ReadMultivariantPlaylist> {
  return lintText(text, readMultivariantPlaylist, MULTIVARIANT_RULES);
}

/** Checks a later version of a media playlist against an earlier one. Both are full, or deltas already merged. */
export function lintSuccession(before: ReadMediaPlaylist, after: ReadMediaPlaylist): readonly Finding[] {
  return SUCCESSION_RULES.flatMap((rule) => firstFindings(rule(before, after)));
}

/** Checks the playlists of one presentation against each other. */
export function lintPresentation(snapshot: PresentationSnapshot): readonly Finding[] {
  return PRESENTATION_RULES.flatMap((rule) => firstFindings(rule(snapshot)));
}

/**
 * Rule 42: an older full playlist with a delta merged into it equals the full playlist of the delta's instant. Parts and
 * hints are left out: `full` may be one part newer.
 */
export function lintDelta(
  base: ReadMediaPlaylist,
  delta: ReadMediaPlaylist,
  full: ReadMediaPlaylist,
): readonly Finding[] {
  let merged: ReadMediaPlaylist['playlist'];
  try {
    merged = mergeDelta(base.playlist, delta.playlist);
  } catch (error) {
    if (error instanceof PlaylistError) return [must(42, error.reason)];
    throw error;
  }
  const expected = full.playlist;
  const differences: Finding[] = [];
  for (const field of ['mediaSequence', 'discontinuitySequence'] as const) {
    if (merged[field] === expected[field]) continue;
    differences.push(
      must(42, `${field} of the merged delta is ${merged[field]}, of the full list ${expected[field]}`),
    );
  }
  if (merged.segments.length !== expected.segments.length) {
    differences.push(
      must(42, `${merged.segments.length} segments merged, ${expected.segments.length} in full`),
    );
  }
  for (const [index, segment] of merged.segments.entries()) {
    const other = expected.segments[index];
    if (other === undefined) break;
    const same =
      segment.uri === other.uri &&
      segment.durationSec === other.durationSec &&
      segment.discontinuity === other.discontinuity &&
      segment.gap === other.gap &&
      segment.programDateTimeMs === other.programDateTimeMs &&
      isSameMap(segment.map, other.map);
    if (!same)
      differences.push(
        must(42, `segment ${merged.mediaSequence + index} differs: ${segment.uri}, ${other.uri}`),
      );
  }
  return firstFindings(differences);
}

function lintText<Read>(
  text: string,
  read: (text: string) => Read,
  rules: readonly ((read: Read) => Iterable<Finding>)[],
): LintResult<Read> {
  try {
    const playlist = read(text);
    return { read: playlist, findings: rules.flatMap((rule) => firstFindings(rule(playlist))) };
  } catch (error) {
    if (!(error instanceof PlaylistError)) throw error;
    // §4.1: a client MUST fail to parse it.
    return { read: undefined, findings: [must(1, error.reason, error.line)] };
  }
}
