import { describe, expect, test } from 'vitest';
import { PathMtuSearch } from './path-mtu-search.ts';

const came = (baseSequence: number, ...arrivalsMs: (number | undefined)[]) => ({ baseSequence, arrivalsMs });

function searching(atMs = 0): PathMtuSearch {
  const search = new PathMtuSearch();
  search.start(atMs);
  return search;
}

describe('PathMtuSearch', () => {
  test('probes once it is started, and is confirmed by the feedback about the probe alone', () => {
    const search = new PathMtuSearch();
    expect(search.isDue(1e9)).toBe(false);
    search.start(2000);
    expect(search.isDue(1999)).toBe(false);
    expect(search.isDue(2000)).toBe(true);
    search.probed(0xffff, 2000);
    expect(search.isDue(2999)).toBe(false);
    expect(search.isAwaiting).toBe(true);
    expect(search.feedback(came(0xfffd, 5, 6), 2050)).toBe(false);
    expect(search.feedback(came(0xfffe, 6, undefined, 8), 2060)).toBe(false);
    expect(search.isConfirmed).toBe(false);
    // The number comes round between the base and the probe.
    expect(search.feedback(came(0xfffe, 6, 7), 2100)).toBe(true);
    expect(search.isConfirmed).toBe(true);
    expect(search.isAwaiting).toBe(false);
    expect(search.isDue(1e9)).toBe(false);
  });

  test('gives up after three probes, each a second apart, and tries once more after ten minutes', () => {
    const search = searching();
    for (const ms of [0, 1000, 2000]) {
      expect(search.isDue(ms)).toBe(true);
      search.probed(ms, ms);
    }
    expect(search.isDue(601_999)).toBe(false);
    expect(search.isDue(602_000)).toBe(true);
    search.probed(7, 602_000);
    expect(search.isDue(603_000)).toBe(false);
    expect(search.feedback(came(7, 1), 602_100)).toBe(true);
  });

  test('an earlier probe whose feedback is late confirms too, but none that is forgotten', () => {
    const late = searching();
    late.probed(10, 0);
    late.probed(11, 1000);
    expect(late.feedback(came(10, 1), 1500)).toBe(true);
    const old = searching();
    old.probed(10, 0);
    expect(old.feedback(came(10, 1), 10_001)).toBe(false);
    expect(old.isAwaiting).toBe(false);
  });

  test('a probe that our own system refuses counts', () => {
    const search = searching();
    for (const ms of [0, 1000, 2000]) search.probed(undefined, ms);
    expect(search.isAwaiting).toBe(false);
    expect(search.isDue(3000)).toBe(false);
  });

  test('a black hole ends it for 10 s, the next one for 20, and never for more than ten minutes', () => {
    const search = searching();
    expect(search.blackHole(0)).toBe(false);
    let nowMs = 0;
    for (const waitMs of [10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000]) {
      search.probed(1, nowMs);
      search.feedback(came(1, 1), nowMs);
      expect(search.blackHole(nowMs)).toBe(true);
      expect(search.isConfirmed).toBe(false);
      expect(search.isDue(nowMs + waitMs - 1)).toBe(false);
      nowMs += waitMs;
      expect(search.isDue(nowMs)).toBe(true);
    }
  });
});
