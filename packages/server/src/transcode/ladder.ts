import type { PictureLimits } from '../stream/stream-limits.ts';
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

/** Rungs of faster sources have every second picture, or every third, …: none is faster than this. Above 30 so that 30.0003 stays whole. */
const MAX_RUNG_FPS = 30.5;
/** A source may be so much faster than its limit: 25 is no other rate than 24, and an encoder's clock is not ours. */
const RATE_TOLERANCE = 1.05;
/** No rung is made slower than this: its pictures would outlast the parts that they are in. */
const MIN_RUNG_FPS = 10;
/** A rung hardly smaller than the one above it costs as much and helps nobody. */
const MIN_SHRINK = 0.9;

/** True when a picture is larger than viewers may get: its shorter side has more than `maxShortSide` pixels; undefined bounds nothing. */
export function exceedsSize(
  { width, height }: Pick<LadderSource, 'width' | 'height'>,
  { maxShortSide }: PictureLimits,
): boolean {
  return maxShortSide !== undefined && Math.min(width, height) > maxShortSide;
}

/** True when a source has more pictures a second than viewers may get. A source whose rate nobody announced never does. */
export function exceedsRate(
  { frameRate }: Pick<LadderSource, 'frameRate'>,
  { maxFrameRate }: PictureLimits,
): boolean {
  if (frameRate === undefined || maxFrameRate === undefined) return false;
  return frameRate > Math.max(maxFrameRate, MIN_RUNG_FPS) * RATE_TOLERANCE;
}

/** True when a source may not be shown as it is. */
export function exceeds(source: LadderSource, limits: PictureLimits): boolean {
  return exceedsSize(source, limits) || exceedsRate(source, limits);
}

/**
 * The rungs to encode for a source, largest first. The source itself is the top rendition, so every rung is clearly smaller;
 * with `reencodeSource` (its codec, or its GOP, cannot be served) the top rung has the source's size, or the table's largest
 * where the source exceeds it, even when the table is empty. A source above its limits is encoded too: its top rung has the largest
 * size that is allowed, and all rungs have the source's rate divided by the smallest whole number that brings it within
 * the limit. Aspect is kept, sides are even.
 */
export function chooseLadder(
  source: LadderSource,
  options: {
    readonly steps?: readonly LadderStep[];
    readonly reencodeSource?: boolean;
    /** What viewers may get at most. Default: no bound but the source's. */
    readonly limits?: PictureLimits;
  } = {},
): readonly Rung[] {
  const steps = [...(options.steps ?? DEFAULT_LADDER)].sort((a, b) => b.shortSide - a.shortSide);
  const short = Math.min(source.width, source.height);
  if (!Number.isFinite(short) || short < 2)
    throw new RangeError(`cannot make a ladder for ${source.width}x${source.height}`);
  const { limits = {} } = options;
  const top = Math.min(short, limits.maxShortSide ?? short);
  const chosen =
    options.reencodeSource === true || exceeds(source, limits)
      ? steps.length === 0
        ? withTop(DEFAULT_LADDER, top).slice(0, 1)
        : withTop(steps, top)
      : steps.filter((step) => step.shortSide < short * MIN_SHRINK);
  const everyNth = rateDivisor(source.frameRate, limits.maxFrameRate);
  return chosen.map((step) => ({
    id: `${step.shortSide}p`,
    ...fit(source, step.shortSide),
    bitrateBps: Math.min(step.bitrateBps, source.bitrateBps ?? Number.POSITIVE_INFINITY),
    everyNth,
  }));
}

/** Which of the source's pictures rungs have: every n-th. */
function rateDivisor(frameRate: number | undefined, maxFrameRate = Number.POSITIVE_INFINITY): number {
  if (frameRate === undefined) return 1;
  const allowed = Math.max(maxFrameRate, MIN_RUNG_FPS) * RATE_TOLERANCE;
  const divisor = Math.max(1, Math.ceil(frameRate / Math.min(allowed, MAX_RUNG_FPS)));
  // Every third of 24 is 8 a second, too few: it is every second, though a limit of 10 is then exceeded by 2.
  return frameRate / divisor < MIN_RUNG_FPS ? Math.max(1, Math.floor(frameRate / MIN_RUNG_FPS)) : divisor;
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
