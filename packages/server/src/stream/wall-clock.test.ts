import { describe, expect, test } from 'vitest';
import { WallClockMapping } from './wall-clock.ts';

describe('WallClockMapping', () => {
  test('finds the least delay within the first segments', () => {
    const mapping = new WallClockMapping();
    mapping.observe(0, 1_000_300);
    mapping.slew();
    mapping.observe(1000, 1_001_020);
    mapping.slew();
    expect(mapping.toUnixMs(0)).toBe(1_000_020);
  });

  test('then follows the publisher’s clock by at most 2 ms a segment', () => {
    const mapping = new WallClockMapping();
    for (let segment = 0; segment < 5; segment += 1) {
      mapping.observe(segment * 2000, 1_000_000 + segment * 2000);
      mapping.slew();
    }
    mapping.observe(10_000, 1_010_000 - 50);
    mapping.slew();
    expect(mapping.toUnixMs(0)).toBe(999_998);
  });

  test('a late unit moves nothing while one of its segment was in time', () => {
    const mapping = new WallClockMapping();
    mapping.observe(0, 5000);
    mapping.observe(100, 5900);
    mapping.slew();
    expect(mapping.toUnixMs(0)).toBe(5000);
  });
});
