import type { ReactionBurst, StreamReaction } from '@tallylight/protocol/entities/talk.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ReactionSums } from './reaction-sums.ts';
import { DEFAULT_REALTIME_LIMITS } from './realtime-limits.ts';
import { type ViewerSum, ViewerSums } from './viewer-sums.ts';

const { viewerSumMs, reactionSumMs, singleReactions } = DEFAULT_REALTIME_LIMITS;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('ViewerSums', () => {
  function sums(): { told: (ViewerSum & { atMs: number })[]; viewers: ViewerSums } {
    const told: (ViewerSum & { atMs: number })[] = [];
    const viewers = new ViewerSums(
      viewerSumMs,
      () => performance.now(),
      (sum) => told.push({ ...sum, atMs: performance.now() }),
    );
    return { told, viewers };
  }

  test('10,000 viewers who join within ten seconds make eleven broadcasts, not 10,000', () => {
    const { told, viewers } = sums();
    for (let index = 0; index < 10_000; index++) {
      viewers.join(`v${index}`);
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(viewerSumMs);
    expect(told.length).toBeLessThanOrEqual(11);
    expect(told.reduce((sum, { joined }) => sum + joined, 0)).toBe(10_000);
    for (const [index, { atMs }] of told.entries())
      if (index > 0) expect(atMs - (told[index - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(viewerSumMs);
    expect(told.at(-1)?.lastJoined).toBe('v9999');
  });

  test('the first after a rest is told soon; nothing is told while nothing happens', () => {
    const { told, viewers } = sums();
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
    viewers.join('a');
    viewers.leave('a');
    vi.advanceTimersByTime(50);
    expect(told).toMatchObject([{ joined: 1, lastJoined: 'a', left: 1, lastLeft: 'a' }]);
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(1);
  });

  test('after closing nothing is told', () => {
    const { told, viewers } = sums();
    viewers.join('a');
    viewers.close();
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
  });
});

describe('ReactionSums', () => {
  const singles: string[] = [];
  const bursts: (readonly ReactionBurst[])[] = [];
  let reactions: ReactionSums;

  beforeEach(() => {
    singles.length = 0;
    bursts.length = 0;
    reactions = new ReactionSums({
      ...{ streamId: 's', intervalMs: reactionSumMs, singles: singleReactions, now: () => Date.now() },
      tellSingle: ({ emoji }) => singles.push(emoji),
      tellBursts: (told) => bursts.push(told),
    });
  });
  afterEach(() => reactions.close());

  function react(emoji: string): void {
    reactions.add({ emoji } as StreamReaction);
  }

  test('the first of an interval are told singly, n of them; the next one is summed', () => {
    for (let index = 0; index < singleReactions; index++) react('🔥');
    expect(singles).toHaveLength(singleReactions);
    react('👍');
    expect(singles).toHaveLength(singleReactions);
    expect(bursts).toEqual([]);
    vi.advanceTimersByTime(reactionSumMs);
    expect(bursts).toMatchObject([[{ streamId: 's', emoji: '👍', count: 1 }]]);
  });

  test('5,000 a second for ten seconds make at most five broadcasts a second, and none is lost', () => {
    const perSecond: number[] = [];
    for (let second = 0; second < 10; second++) {
      const before = singles.length + bursts.length;
      for (let ms = 0; ms < 1000; ms++) {
        for (let index = 0; index < 5; index++) react(['❤️', '👍', '🔥'][index % 3] ?? '');
        vi.advanceTimersByTime(1);
      }
      perSecond.push(singles.length + bursts.length - before);
    }
    vi.advanceTimersByTime(reactionSumMs);
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(5);
    const summed = bursts.flat().reduce((sum, { count }) => sum + count, 0);
    expect(summed + singles.length).toBe(50_000);
    expect(perSecond.slice(1).every((count) => count === 2)).toBe(true);
  });

  test('when it is calm again, reactions are told singly again', () => {
    for (let index = 0; index < 100; index++) react('🔥');
    vi.advanceTimersByTime(3 * reactionSumMs);
    const before = singles.length;
    react('👏');
    expect(singles.slice(before)).toEqual(['👏']);
    vi.advanceTimersByTime(60_000);
    expect(bursts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a burst names the commonest emoji first, 32 at most', () => {
    for (let index = 0; index < 40; index++) for (let count = 0; count <= index; count++) react(`e${index}`);
    vi.advanceTimersByTime(reactionSumMs);
    expect(bursts[0]).toHaveLength(32);
    expect(bursts[0]?.[0]).toMatchObject({ emoji: 'e39', count: 40 });
  });

  test('names of prototypes are emoji like any other', () => {
    react('a');
    react('b');
    for (const emoji of ['__proto__', 'constructor', 'toString']) react(emoji);
    vi.advanceTimersByTime(reactionSumMs);
    expect(bursts[0]?.map(({ emoji, count }) => [emoji, count])).toEqual([
      ['__proto__', 1],
      ['constructor', 1],
      ['toString', 1],
    ]);
  });
});
