import { describe, expect, test } from 'vitest';
import { RenditionChoice } from './rendition-choice.ts';

const ladder = [
  { id: 'low', bitrateBps: 700_000 },
  { id: 'mid', bitrateBps: 1_500_000 },
  { id: 'high', bitrateBps: 4_000_000 },
];

function path(mbps: number, limitedBySender = false): { estimateBps: number; limitedBySender: boolean } {
  return { estimateBps: mbps * 1_000_000, limitedBySender };
}

describe('RenditionChoice', () => {
  test('begins with the highest that fits, with the lowest when none does, with nothing when there are none', () => {
    expect(new RenditionChoice().choose(ladder, path(2.5), 0)).toBe('mid');
    expect(new RenditionChoice().choose(ladder, path(0.1), 0)).toBe('low');
    expect(new RenditionChoice().choose([], path(2.5), 0)).toBeUndefined();
  });

  test('goes down at once, over several steps', () => {
    const choice = new RenditionChoice();
    choice.choose(ladder, path(9), 0);
    expect(choice.choose(ladder, path(1), 100)).toBe('low');
  });

  test('goes up one step, after it fitted for 3 s', () => {
    const choice = new RenditionChoice();
    expect(choice.choose(ladder, path(1), 0)).toBe('low');
    expect(choice.choose(ladder, path(9), 1000)).toBe('low');
    expect(choice.choose(ladder, path(9), 3900)).toBe('low');
    expect(choice.choose(ladder, path(9), 4000)).toBe('mid');
    expect(choice.choose(ladder, path(9), 6900)).toBe('mid');
    expect(choice.choose(ladder, path(1.7), 7000)).toBe('mid');
    expect(choice.choose(ladder, path(9), 8000)).toBe('mid');
    expect(choice.choose(ladder, path(9), 11_000)).toBe('high');
  });

  test('does not go up for an estimate that is just enough', () => {
    const choice = new RenditionChoice();
    choice.choose(ladder, path(1), 0);
    for (let ms = 0; ms < 60_000; ms += 500) expect(choice.choose(ladder, path(1.8), ms)).toBe('low');
  });

  test('tries the next when too little is sent to learn more; waits longer after each try that failed', () => {
    const choice = new RenditionChoice();
    choice.choose(ladder, path(1), 0);
    const tries: number[] = [];
    for (let ms = 0; ms < 120_000; ms += 500) {
      const before = choice.chosen;
      // As soon as more is sent it shows that it does not fit.
      choice.choose(ladder, before === 'low' ? path(1, true) : path(0.9), ms);
      if (before === 'low' && choice.chosen === 'mid') tries.push(ms);
    }
    expect(tries).toEqual([8000, 23_500, 54_000, 114_500]);
  });

  test('goes on with another one when its own is gone', () => {
    const choice = new RenditionChoice();
    choice.choose(ladder, path(9), 0);
    expect(choice.choose(ladder.slice(0, 2), path(9), 100)).toBe('mid');
  });
});
