import { ticks } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import { TimestampMapper } from './timestamp-mapper.ts';

/** Feeds one unit every 40 ms of our clock, with the publisher's clock given by `dtsAt`. */
function feed(
  mapper: TimestampMapper,
  count: number,
  dtsAt: (index: number) => number,
  arrivalAt = (i: number): number => i * 40,
): number[] {
  return Array.from(
    { length: count },
    (_, index) => mapper.map('video', ticks(dtsAt(index)), arrivalAt(index)).dts,
  );
}

describe('TimestampMapper', () => {
  test('places the first unit at the base and keeps distances', () => {
    expect(feed(new TimestampMapper(10_000), 3, (index) => 777_000 + index * 40)).toEqual([
      10_000, 10_040, 10_080,
    ]);
  });

  test.each([5000, -5000, -700_000])(
    'goes on without a step when the publisher’s clock jumps by %s ms',
    (jump) => {
      const dts = feed(
        new TimestampMapper(0),
        20,
        (index) => 1_000_000 + index * 40 + (index >= 10 ? jump : 0),
      );
      expect(dts).toEqual(
        Array.from({ length: 20 }, (_, index) => (index < 10 ? index * 40 : expect.closeTo(index * 40, -1))),
      );
      for (let index = 1; index < dts.length; index += 1)
        expect((dts[index] ?? 0) - (dts[index - 1] ?? 0)).toBeGreaterThan(0);
    },
  );

  test('keeps a gap in which our own clock went on as well', () => {
    const mapper = new TimestampMapper(0);
    const dts = feed(
      mapper,
      4,
      (i) => (i < 2 ? i * 40 : 5000 + i * 40),
      (i) => (i < 2 ? i * 40 : 5000 + i * 40),
    );
    expect(dts.at(-1)).toBe(5120);
  });

  test('keeps the lips in step: both tracks follow one jump by the same offset', () => {
    const mapper = new TimestampMapper(0);
    for (let index = 0; index < 10; index += 1) {
      mapper.map('video', ticks(index * 40), index * 40);
      mapper.map('audio', ticks(index * 40 + 7), index * 40);
    }
    const video = mapper.map('video', ticks(400 + 9000), 400).dts;
    const audio = mapper.map('audio', ticks(407 + 9000), 400).dts;
    expect(audio - video).toBe(7);
  });

  test('never falls, whatever comes', () => {
    const dts = feed(new TimestampMapper(0), 200, (index) => (index * 7919) % 100_000);
    for (let index = 1; index < dts.length; index += 1)
      expect((dts[index] ?? 0) > (dts[index - 1] ?? 0)).toBe(true);
  });
});
