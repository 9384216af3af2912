import type { Rung } from './rung.ts';

/** A picture size in the cascade: made from its parent, and the parent of smaller ones. The root is the source and has no rung. */
export interface ScaleNode {
  readonly rung?: Rung;
  /** True where every second picture is left out: the first half-rate rung below a full-rate one. */
  readonly halves: boolean;
  readonly children: readonly ScaleNode[];
}

interface Building {
  readonly rung?: Rung;
  readonly halves: boolean;
  readonly children: Building[];
}

/**
 * Each rung is scaled from the smallest larger one of the same or the full frame rate: scaling 1080 → 720 → 480 → 360 costs less than
 * scaling 1080 three times.
 */
export function scaleTree(rungs: readonly Rung[]): ScaleNode {
  const root: Building = { halves: false, children: [] };
  const built: Building[] = [];
  const order = [...rungs].sort((a, b) => rank(a) - rank(b) || area(b) - area(a));
  for (const rung of order) {
    const parent =
      built
        .filter((node) => node.rung !== undefined && feeds(node.rung, rung))
        .sort(bySize)
        .at(-1) ?? root;
    const halves = rung.frames === 'half' && parent.rung?.frames !== 'half';
    const node: Building = { rung, halves, children: [] };
    parent.children.push(node);
    built.push(node);
  }
  return root;
}

function feeds(larger: Rung, smaller: Rung): boolean {
  const sameRate = larger.frames === 'all' || smaller.frames === 'half';
  return sameRate && larger.width >= smaller.width && larger.height >= smaller.height;
}

/** Largest first; of two equal ones the full rate first, so that the half-rate one is preferred as a parent. */
function bySize(a: Building, b: Building): number {
  return area(b.rung) - area(a.rung) || rank(a.rung) - rank(b.rung);
}

function area(rung: Rung | undefined): number {
  return rung === undefined ? 0 : rung.width * rung.height;
}

function rank(rung: Rung | undefined): number {
  return rung?.frames === 'half' ? 1 : 0;
}
