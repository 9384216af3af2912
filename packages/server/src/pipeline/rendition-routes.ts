import type { Rung } from '../transcode/rung.ts';

/** Pixels of a rendition's short side by its id: 720 for `720p`; undefined for `source`. */
function shortSideOf(renditionId: string): number | undefined {
  const match = /^(\d+)p$/.exec(renditionId);
  return match === null ? undefined : Number(match[1]);
}

/**
 * Which rung each listed rendition shows: its own, else the next smaller one, else the smallest. A rendition once listed
 * goes on for ever, whatever is encoded now. The source's rendition shows the largest rung when it is encoded itself.
 * @param rungs at least one, largest first.
 */
export function routeRenditions(
  renditionIds: Iterable<string>,
  rungs: readonly Rung[],
): ReadonlyMap<string, string> {
  const routes = new Map<string, string>();
  for (const id of renditionIds) {
    const side = shortSideOf(id) ?? Number.POSITIVE_INFINITY;
    const rung = rungs.find((candidate) => (shortSideOf(candidate.id) ?? 0) <= side) ?? rungs.at(-1);
    if (rung !== undefined) routes.set(id, rung.id);
  }
  return routes;
}
