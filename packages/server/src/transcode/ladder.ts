import type { Rung } from './rung.ts';

/** One line of the ladder's table. */
export interface LadderStep {
  /** Pixels of the shorter side, whichever that is. */
  readonly shortSide: number;
  readonly bitrateBps: number;
}

/** What the ladder needs to know of the source. */
export interface LadderSource {
  /** Display size in pixels. */
  readonly width: number;
  readonly height: number;
  /** Absent when unknown: then every picture is encoded. */
  readonly frameRate?: number;
  /** Absent when unknown. No rung gets more. */
  readonly bitrateBps?: number;
}

/** The default table: 1080p 3000k, 720p 1500k, 480p 800k, 360p 400k. */
export const DEFAULT_LADDER: readonly LadderStep[] = [
  { shortSide: 1080, bitrateBps: 3_000_000 },
  { shortSide: 720, bitrateBps: 1_500_000 },
  { shortSide: 480, bitrateBps: 800_000 },
  { shortSide: 360, bitrateBps: 400_000 },
];

/** Sources faster than this lose every second picture in the rungs. Above 30 so that 30.0003 stays whole. */
const MAX_FULL_RATE_FPS = 30.5;
/** A rung hardly smaller than the one above it costs as much and helps nobody. */
const MIN_SHRINK = 0.9;

/** True when a picture is larger than viewers may get: its shorter side has more than `maxShortSide` pixels; undefined bounds nothing. */
export function exceeds(
  { width, height }: Pick<LadderSource, 'width' | 'height'>,
  maxShortSide: number | undefined,
): boolean {
  return maxShortSide !== undefined && Math.min(width, height) > maxShortSide;
}

/**
 * The rungs to encode for a source, largest first. The source itself is the top rendition, so every rung is clearly smaller;
 * with `reencodeSource` (its codec, or its GOP, cannot be served) the top rung has the source's size, or the table's largest
 * where the source exceeds it, even when the table is empty. A source larger than `maxShortSide` is encoded too: its top rung has that
 * size. Aspect is kept, sides are even.
 */
export function chooseLadder(
  source: LadderSource,
  options: {
    readonly steps?: readonly LadderStep[];
    readonly reencodeSource?: boolean;
    /** Pixels of the shorter side of the largest rung. Default: no bound but the source's. */
    readonly maxShortSide?: number | undefined;
  } = {},
): readonly Rung[] {
  const steps = [...(options.steps ?? DEFAULT_LADDER)].sort((a, b) => b.shortSide - a.shortSide);
  const short = Math.min(source.width, source.height);
  if (!Number.isFinite(short) || short < 2)
    throw new RangeError(`cannot make a ladder for ${source.width}x${source.height}`);
  const { maxShortSide } = options;
  const top = Math.min(short, maxShortSide ?? short);
  const chosen =
    options.reencodeSource === true || exceeds(source, maxShortSide)
      ? steps.length === 0
        ? withTop(DEFAULT_LADDER, top).slice(0, 1)
        : withTop(steps, top)
      : steps.filter((step) => step.shortSide < short * MIN_SHRINK);
  const frames = (source.frameRate ?? 0) > MAX_FULL_RATE_FPS ? 'half' : 'all';
  return chosen.map((step) => ({
    id: `${step.shortSide}p`,
    ...fit(source, step.shortSide),
    bitrateBps: Math.min(step.bitrateBps, source.bitrateBps ?? Number.POSITIVE_INFINITY),
    frames,
  }));
}

/** The steps of a source whose own size must be encoded too. */
function withTop(steps: readonly LadderStep[], short: number): readonly LadderStep[] {
  const fitting = steps.filter((step) => step.shortSide <= short);
  const [largest] = steps;
  const top = fitting[0];
  if (
    largest === undefined ||
    (top !== undefined && (top === largest || top.shortSide >= short * MIN_SHRINK))
  )
    return fitting;
  return [{ shortSide: even(short), bitrateBps: interpolate(steps, short) }, ...fitting];
}

/** The bitrate of a size between two steps, by area; below the smallest step, in proportion to it. */
function interpolate(steps: readonly LadderStep[], short: number): number {
  const above = steps.findLast((step) => step.shortSide >= short);
  const below = steps.find((step) => step.shortSide < short) ?? { shortSide: 0, bitrateBps: 0 };
  if (above === undefined) return below.bitrateBps;
  const share = (short ** 2 - below.shortSide ** 2) / (above.shortSide ** 2 - below.shortSide ** 2);
  return Math.round(below.bitrateBps + share * (above.bitrateBps - below.bitrateBps));
}

function fit(source: LadderSource, shortSide: number): { width: number; height: number } {
  const short = Math.min(source.width, source.height);
  const scaled = (side: number): number =>
    side === short ? even(shortSide) : even((side * shortSide) / short);
  return { width: scaled(source.width), height: scaled(source.height) };
}

/** Nearest even number, at least 2: 4:2:0 pictures have no half chroma samples. */
function even(side: number): number {
  return Math.max(2, Math.round(side / 2) * 2);
}
