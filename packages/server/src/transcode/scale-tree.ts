import type { Rung } from './rung.ts';

/** A picture size in the cascade: made from its parent, and the parent of smaller ones. The root is the source and has no rung. */
export interface ScaleNode {
  readonly rung?: Rung;
  /** Every n-th picture is kept here: more than 1 where the first rung of a lower rate hangs below the full rate. */
  readonly keepsNth: number;
  readonly children: readonly ScaleNode[];
}

interface Building {
  readonly rung?: Rung;
  readonly keepsNth: number;
  readonly children: Building[];
}

/**
 * Each rung is scaled from the smallest larger one of the same or the full frame rate: scaling 1080 → 720 → 480 → 360 costs less than
 * scaling 1080 three times.
 */
export function scaleTree(rungs: readonly Rung[]): ScaleNode {
  const root: Building = { keepsNth: 1, children: [] };
  const built: Building[] = [];
  const order = [...rungs].sort((a, b) => rank(a) - rank(b) || area(b) - area(a));
  for (const rung of order) {
    const parent =
      built
        .filter((node) => node.rung !== undefined && feeds(node.rung, rung))
        .sort(bySize)
        .at(-1) ?? root;
    const keepsNth = rung.everyNth / (parent.rung?.everyNth ?? 1);
    const node: Building = { rung, keepsNth, children: [] };
    parent.children.push(node);
    built.push(node);
  }
  return root;
}

function feeds(larger: Rung, smaller: Rung): boolean {
  // Both count from the same keyframes, so what every fourth picture is made of has every picture, or exactly those.
  const hasPictures = larger.everyNth === 1 || larger.everyNth === smaller.everyNth;
  return hasPictures && larger.width >= smaller.width && larger.height >= smaller.height;
}

/** Largest first; of two equal ones the higher rate first, so that the lower one is preferred as a parent. */
function bySize(a: Building, b: Building): number {
  return area(b.rung) - area(a.rung) || rank(a.rung) - rank(b.rung);
}

function area(rung: Rung | undefined): number {
  return rung === undefined ? 0 : rung.width * rung.height;
}

function rank(rung: Rung | undefined): number {
  return rung?.everyNth ?? 1;
}
