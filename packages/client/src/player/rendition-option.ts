import type { RenditionOption } from './player-state.ts';

/** What is known of a level of the multivariant playlist; a subset of hls.js's `Level`. */
export interface LevelDescription {
  readonly width: number;
  readonly height: number;
  readonly bitrate: number;
  readonly frameRate: number;
}

/** A frame rate above this is part of the name: "720p60". */
const NAMED_FRAME_RATE = 33;

/** Names each level by its shorter side. The result is in the order of `levels`, so the index leads back to hls.js; ids are unique. */
export function renditionOptions(levels: readonly LevelDescription[]): RenditionOption[] {
  const names = levels.map((level) => renditionName(level));
  return levels.map((level, index) => {
    const name = names[index] ?? '';
    const unique = names.filter((other) => other === name).length === 1;
    return {
      id: unique ? name : `${name}@${String(Math.round(level.bitrate / 1000))}k`,
      name,
      height: shorterSide(level),
      bitrateBps: level.bitrate,
    };
  });
}

function renditionName(level: LevelDescription): string {
  const side = shorterSide(level);
  if (side === 0) {
    return 'Audio';
  }
  return level.frameRate > NAMED_FRAME_RATE
    ? `${String(side)}p${String(Math.round(level.frameRate))}`
    : `${String(side)}p`;
}

function shorterSide(level: LevelDescription): number {
  return Math.min(level.width, level.height);
}
