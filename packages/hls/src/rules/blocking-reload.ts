import { lastCompleteMsn, type PlaylistEdge } from './playlist-edge.ts';
import { type ReloadRejection, type ReloadRequest, reject } from './reload-query.ts';

/** What a held request waits for. */
export interface ReloadTarget {
  readonly msn: number;
  /** Index of the part; undefined when the whole segment `msn` has to be listed. */
  readonly part: number | undefined;
}

/** What the server does with a playlist request now. */
export type ReloadDecision =
  | { readonly action: 'answer' }
  | { readonly action: 'hold'; readonly until: ReloadTarget }
  | ReloadRejection;

/** What the decision needs to know of a media playlist. */
export interface ReloadState {
  readonly edge: PlaylistEdge;
  /** MSN of the first listed segment. */
  readonly mediaSequence: number;
  /** Parts of a complete segment; undefined when they are not listed any more. */
  readonly partCount: (msn: number) => number | undefined;
  /** PART-TARGET; undefined when the playlist has no parts. */
  readonly partTargetSec: number | undefined;
  /** EXT-X-ENDLIST. */
  readonly endList: boolean;
}

/**
 * Blocking playlist reload (rfc8216bis §6.2.5.2): answer, hold or reject. Holding has a limit of its own (503 after
 * three target durations), which belongs to whoever holds the request.
 */
export function decideReload(request: ReloadRequest, state: ReloadState): ReloadDecision {
  const { msn, part } = request;
  // "The server MUST ignore" directives once there is an EXT-X-ENDLIST (§6.2.5), even wrong ones.
  if (state.endList) return { action: 'answer' };
  if (msn === undefined)
    return part === undefined ? { action: 'answer' } : reject('_HLS_part needs _HLS_msn');
  const last = lastCompleteMsn(state.edge);
  // Older than the window or already complete: MUST answer at once, with what there is now, not with an error.
  if (msn < last || msn < state.mediaSequence) return { action: 'answer' };
  // SHOULD answer 400 to an msn above that of the last segment plus two.
  if (msn > last + 2) return reject(`_HLS_msn ${msn} is more than two above ${last}`);
  const until = part === undefined ? wholeSegment(msn, last, state) : partOf(msn, part, last, state);
  if (until === undefined) return { action: 'answer' };
  if ('action' in until) return until;
  return isSatisfied(until, state.edge) ? { action: 'answer' } : { action: 'hold', until };
}

/** True when a playlist with this edge lists what the request waits for, or something later. */
export function isSatisfied(until: ReloadTarget, edge: PlaylistEdge): boolean {
  // `complete` also answers for edge.msn − 1: a segment is complete as soon as the next one is open.
  if (until.part === undefined) return until.msn <= lastCompleteMsn(edge);
  if (edge.msn === until.msn) return edge.part >= until.part;
  // A part beyond the end of a complete segment MUST be taken as part 0 of the next (§6.2.5.2).
  return edge.msn > until.msn && (edge.part >= 0 || edge.complete || edge.msn > until.msn + 1);
}

/**
 * `_HLS_msn` alone MUST be held until *segment* `msn` is listed. There is one exception, at the moment when the playlist
 * ends in an EXTINF: native Safari then asks for the next segment without a part although it plays parts, and stalls if
 * it gets nothing for a whole segment. Part 0 releases it. A client that knows no parts asks once more, and is then
 * held to the end of the segment, since the exception is over.
 */
function wholeSegment(msn: number, last: number, state: ReloadState): ReloadTarget {
  const endsInExtinf = state.edge.complete || state.edge.part < 0;
  const hasParts = (state.partCount(last) ?? 0) > 0;
  return endsInExtinf && hasParts && msn === last + 1 ? { msn, part: 0 } : { msn, part: undefined };
}

/** Undefined when the part is listed, in the last complete segment. */
function partOf(
  msn: number,
  part: number,
  last: number,
  state: ReloadState,
): ReloadTarget | ReloadRejection | undefined {
  const partsOfLast = state.partCount(last) ?? 0;
  if (msn === last) {
    // A part beyond the end of a complete segment MUST be taken as part 0 of the next (§6.2.5.2).
    return part < partsOfLast ? undefined : { msn: msn + 1, part: 0 };
  }
  const listed = state.edge.msn === msn ? state.edge.part : -1;
  // SHOULD answer 400 beyond the Advance Part Limit. The index of a whole segment's last part is let through as well:
  // hls.js asks for it when its low-latency mode is off.
  const furthest = Math.max(listed + advancePartLimit(state.partTargetSec), partsOfLast);
  if (part > furthest)
    return reject(`_HLS_part ${part} of ${msn} is too far above the last listed part ${listed}`);
  return { msn, part };
}

/** Advance Part Limit (§6.2.5.2): how many parts ahead may be asked for; three seconds' worth, at least three. */
export function advancePartLimit(partTargetSec: number | undefined): number {
  return partTargetSec !== undefined && partTargetSec > 0 && partTargetSec < 1
    ? Math.ceil(3 / partTargetSec)
    : 3;
}
