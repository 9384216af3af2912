import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearest, TimestampUnwrapper } from './sequence.ts';

describe('TimestampUnwrapper', () => {
  test('goes on beyond 2^32, also for pictures out of order', () => {
    const unwrapper = new TimestampUnwrapper();
    const times = [0xffff_f000, 0x0000_0800, 0xffff_ff00, 0x0000_1000].map((time) => unwrapper.unwrap(time));
    expect(times).toEqual([0xffff_f000, 0x1_0000_0800, 0xffff_ff00, 0x1_0000_1000]);
  });

  test('a packet from before the first one is negative', () => {
    const unwrapper = new TimestampUnwrapper();
    expect([0, 0xffff_ffff].map((time) => unwrapper.unwrap(time))).toEqual([0, -1]);
  });

  test('any walk with steps below half a turn is followed', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.array(fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }), { maxLength: 200 }),
        (start, steps) => {
          const unwrapper = new TimestampUnwrapper();
          let at = start;
          expect(unwrapper.unwrap(start)).toBe(start);
          for (const step of steps) {
            at += step;
            expect(unwrapper.unwrap(((at % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000)).toBe(at);
          }
        },
      ),
    );
  });
});

describe('nearest', () => {
  test('half a turn counts as forward', () => {
    expect(nearest(0x8000, 0, 0x1_0000)).toBe(0x8000);
    expect(nearest(0x8001, 0, 0x1_0000)).toBe(-0x7fff);
  });
});
