import { describe, expect, test } from 'vitest';
import { TranscodeBudget } from './budget.ts';
import { CostModel } from './cost-model.ts';
import { chooseLadder } from './ladder.ts';

const SOURCE = { width: 1920, height: 1080, frameRate: 30 };
const RUNGS = chooseLadder(SOURCE);
const ALL = chooseLadder(SOURCE, { reencodeSource: true });

describe('CostModel', () => {
  // Cores measured with FFmpeg 5.1.9 on two x86-64 cores, see media-path figures in the constants' comment.
  test.each([
    ['720p + 480p + 360p', RUNGS, 'veryfast', 0.97],
    ['720p + 480p + 360p', RUNGS, 'superfast', 0.7],
    ['1080p and the three', ALL, 'veryfast', 1.68],
    ['1080p and the three', ALL, 'superfast', 1.18],
    ['1080p and the three', ALL, 'ultrafast', 0.94],
  ] as const)('%s (%#) is predicted within 8 %%', (_name, rungs, preset, measured) => {
    const predicted = new CostModel().predict({ source: SOURCE, rungs, preset });
    expect(Math.abs(predicted / measured - 1)).toBeLessThan(0.08);
  });

  test('half the pictures cost less, no rungs cost nothing', () => {
    const model = new CostModel();
    const source = { ...SOURCE, frameRate: 60 };
    const half = model.predict({ source, rungs: chooseLadder(source), preset: 'veryfast' });
    const full = model.predict({
      source,
      rungs: chooseLadder(source).map((rung) => ({ ...rung, everyNth: 1 })),
      preset: 'veryfast',
    });
    expect(half).toBeLessThan(full * 0.75);
    expect(model.predict({ source, rungs: [], preset: 'veryfast' })).toBe(0);
  });

  test('comes to believe what it measures, within bounds', () => {
    const model = new CostModel();
    const work = { source: SOURCE, rungs: RUNGS, preset: 'veryfast' } as const;
    for (let i = 0; i < 200; i++) model.learn(work, 0.5);
    expect(model.predict(work)).toBeCloseTo(0.5, 2);
    for (let i = 0; i < 500; i++) model.learn(work, 1000);
    expect(model.correction).toBeLessThanOrEqual(4);
    model.learn(work, Number.NaN);
    expect(model.correction).toBeGreaterThan(3);
  });
});

describe('TranscodeBudget', () => {
  test('two cores hold the source and three rungs', () => {
    const plan = new TranscodeBudget({ cores: 2 }).admit({ streamId: 'a', source: SOURCE, rungs: RUNGS });
    expect(plan).toMatchObject({ rungs: RUNGS, preset: 'veryfast', shed: [] });
    expect(plan.reason).toBeUndefined();
  });

  test('a faster preset comes before a lost rung, and it says so', () => {
    const plan = new TranscodeBudget({ cores: 1 }).admit({ streamId: 'a', source: SOURCE, rungs: RUNGS });
    expect(plan).toMatchObject({ rungs: RUNGS, preset: 'superfast', shed: [] });
    expect(plan.reason).toBe('the ladder needs 0.97 cores, 0.85 of 1 are free: encoding at superfast');
  });

  test('the second stream gets what the first left: the largest rungs go', () => {
    const budget = new TranscodeBudget({ cores: 2 });
    budget.admit({ streamId: 'a', source: SOURCE, rungs: RUNGS });
    const plan = budget.admit({ streamId: 'b', source: SOURCE, rungs: RUNGS });
    expect(plan.rungs.map((rung) => rung.id)).toEqual(['480p', '360p']);
    expect(plan.reason).toBe(
      'the ladder needs 0.97 cores, 0.73 of 2 are free: shed 720p; 480p, 360p at veryfast',
    );
    expect(budget.usedCores).toBeLessThanOrEqual(1.7);
    expect(budget.admit({ streamId: 'c', source: SOURCE, rungs: RUNGS })).toMatchObject({
      rungs: [],
      cores: 0,
    });
    budget.release('a');
    expect(budget.admit({ streamId: 'c', source: SOURCE, rungs: RUNGS }).rungs).toHaveLength(3);
  });

  test('a source that cannot be served keeps its smallest rung whatever it costs', () => {
    const plan = new TranscodeBudget({ cores: 0.1 }).admit({
      streamId: 'a',
      source: SOURCE,
      rungs: ALL,
      minimumRungs: 1,
    });
    expect(plan.rungs.map((rung) => rung.id)).toEqual(['360p']);
    expect(plan.reason).toContain('shed 1080p, 720p, 480p; 360p at superfast');
  });

  test('measured cost counts, not the guess, and an FFmpeg that lags teaches nothing', () => {
    const budget = new TranscodeBudget({ cores: 2 });
    budget.admit({ streamId: 'a', source: SOURCE, rungs: RUNGS });
    budget.measured('a', 1.5, false);
    expect(budget.dump()).toMatchObject({ correction: 1, streams: { a: 1.5 } });
    for (let i = 0; i < 200; i++) budget.measured('a', 0.4, true);
    expect(budget.usedCores).toBeCloseTo(0.4, 2);
    expect(budget.admit({ streamId: 'b', source: SOURCE, rungs: RUNGS }).shed).toEqual([]);
    budget.measured('nobody', 9, true);
  });

  test('hardware encoders make the ladder cheap', () => {
    const plan = new TranscodeBudget({ cores: 1 }).admit({
      streamId: 'a',
      source: SOURCE,
      rungs: ALL,
      hardware: true,
    });
    expect(plan).toMatchObject({ preset: 'hardware', shed: [] });
  });

  test('admitting a stream again replaces its reservation', () => {
    const budget = new TranscodeBudget({ cores: 2 });
    budget.admit({ streamId: 'a', source: SOURCE, rungs: RUNGS });
    budget.admit({ streamId: 'a', source: SOURCE, rungs: RUNGS.slice(1) });
    expect(Object.keys(budget.dump().streams)).toEqual(['a']);
    expect(budget.usedCores).toBeLessThan(0.7);
  });
});
