import type { LadderStep } from '../transcode/ladder.ts';
import { ConfigError, type Described, type Setting } from './setting.ts';

/** Most rungs that one FFmpeg is asked for. */
const maxSteps = 8;

/** A ladder such as `720p:1500k,480p:800k`, or `off` for the source alone. */
export function ladder(
  options: Described & { readonly default: readonly LadderStep[] },
): Setting<readonly LadderStep[]> {
  return { ...options, unit: '<short side>p:<bit/s>k,… | off', parse: parseLadder, show: showLadder };
}

function parseLadder(text: string): readonly LadderStep[] {
  if (text === 'off') return [];
  const words = text.split(',');
  if (words.length > maxSteps)
    throw new ConfigError(`must have at most ${maxSteps} renditions, not ${words.length}`);
  const steps = words.map(parseStep).sort((a, b) => b.shortSide - a.shortSide);
  const twice = steps.find((step, index) => steps[index + 1]?.shortSide === step.shortSide);
  if (twice !== undefined)
    throw new ConfigError(`must name each size once, ${twice.shortSide}p stands there twice`);
  return steps;
}

function parseStep(word: string): LadderStep {
  const match = /^(\d{3,4})p:(\d{1,6})([kM])$/.exec(word.trim());
  const shortSide = Number(match?.[1]);
  const bitrateBps = Number(match?.[2]) * (match?.[3] === 'M' ? 1_000_000 : 1_000);
  const fits =
    shortSide >= 144 &&
    shortSide <= 4320 &&
    shortSide % 2 === 0 &&
    bitrateBps >= 50_000 &&
    bitrateBps <= 100_000_000;
  if (match === null || !fits) {
    throw new ConfigError(
      `must be off or a list like 720p:1500k,480p:800k (even sizes of 144 to 4320, 50k to 100M), and "${word}" is not one of its items`,
    );
  }
  return { shortSide, bitrateBps };
}

function showLadder(steps: readonly LadderStep[]): string {
  if (steps.length === 0) return 'off';
  return steps.map((step) => `${step.shortSide}p:${step.bitrateBps / 1000}k`).join(',');
}
