import type { ReadMediaPlaylist } from '../parse-media-playlist.ts';
import type { PlaylistLine } from '../playlist-lines.ts';

/**
 * One thing that a playlist does wrong. A rule number stands for one requirement of rfc8216bis-22, of its low-latency
 * server profile (appendix B.1) or of Apple's authoring specification; the rule's function says which.
 */
export interface Finding {
  readonly rule: number;
  /** MUST breaks the specification; SHOULD is advice, or what experience with players adds. */
  readonly level: 'MUST' | 'SHOULD';
  /** What is wrong, with the numbers that show it. */
  readonly words: string;
  /** Line of the playlist, counted from 1. */
  readonly line?: number;
  /** URL of the playlist, once it is known where it came from. */
  readonly playlist?: string;
}

/** A rule that one media playlist alone can break. */
export type PlaylistRule = (read: ReadMediaPlaylist) => Iterable<Finding>;

/** A rule about two successive versions of one media playlist; deltas are merged before. */
export type SuccessionRule = (before: ReadMediaPlaylist, after: ReadMediaPlaylist) => Iterable<Finding>;

/** Enough to see a pattern; a wrong encoder breaks the same rule in every segment. */
const MAX_FINDINGS_PER_RULE = 10;

/** A MUST finding. */
export function must(rule: number, words: string, line?: number): Finding {
  return { rule, level: 'MUST', words, ...(line === undefined ? {} : { line }) };
}

/** A SHOULD finding. */
export function should(rule: number, words: string, line?: number): Finding {
  return { rule, level: 'SHOULD', words, ...(line === undefined ? {} : { line }) };
}

/** The first findings of a rule, at most ten. */
export function firstFindings(findings: Iterable<Finding>): readonly Finding[] {
  const kept: Finding[] = [];
  for (const finding of findings) {
    kept.push(finding);
    if (kept.length === MAX_FINDINGS_PER_RULE) break;
  }
  return kept;
}

/** The lines of one tag, in order. The nth EXTINF is that of the nth segment. */
export function linesOf(
  read: { readonly lines: readonly PlaylistLine[] },
  tag: string,
): readonly PlaylistLine[] {
  return read.lines.filter((line) => line.tag === tag);
}

/** Line number of the first such tag; undefined when there is none. */
export function lineOf(read: { readonly lines: readonly PlaylistLine[] }, tag: string): number | undefined {
  return read.lines.find((line) => line.tag === tag)?.line;
}

/** Seconds as they are printed in findings. */
export function sec(value: number): string {
  return `${Math.round(value * 1e5) / 1e5} s`;
}
