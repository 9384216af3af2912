import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockBlocks, drawClock, type Pixels, readClock } from './clock-strip.ts';

/** The row of blocks as a picture of a given width, by nearest neighbour, with contrast and noise as encoders leave them. */
function picture(unixMs: number, width: number, channels: number, noise = 0): Pixels {
  const height = Math.max(2, Math.round(width / clockBlocks));
  const row = drawClock(unixMs);
  const data = new Uint8Array(width * height * channels);
  for (let at = 0; at < data.length; at += 1) {
    const x = Math.floor(at / channels) % width;
    const level = (row[Math.floor((x * clockBlocks) / width)] ?? 0) === 0 ? 16 : 235;
    data[at] = Math.max(0, Math.min(255, level + ((at * 7919) % (2 * noise + 1)) - noise));
  }
  return { data, width, height, channels };
}

describe('readClock', () => {
  const moment = Date.UTC(2026, 10, 22, 8, 0, 0, 123);

  test.each([1920, 1280, 854, 640, 426, 256, 202])(
    'reads what drawClock drew at a width of %i pixels',
    (width) => {
      expect(readClock(picture(moment, width, 4, 40))).toBe(moment);
    },
  );

  test('reads every moment of 48 bits', () => {
    assert(
      property(
        integer({ min: 0, max: 2 ** 48 - 1 }),
        (unixMs) => readClock(picture(unixMs, 320, 1)) === unixMs,
      ),
      { numRuns: 200 },
    );
  });

  test('sees no clock in another picture', () => {
    const blank = { data: new Uint8Array(640 * 10).fill(128), width: 640, height: 10, channels: 1 };
    expect(readClock(blank)).toBeUndefined();
    expect(
      readClock({ ...blank, data: blank.data.map((_, at) => (at * 2_654_435_761) >>> 24) }),
    ).toBeUndefined();
    expect(readClock({ data: new Uint8Array(0), width: 640, height: 10, channels: 4 })).toBeUndefined();
  });

  test('a block that flipped is noticed', () => {
    const damaged = picture(moment, 640, 1);
    const data = damaged.data.map((level, at) => (at % 640 >= 200 && at % 640 < 210 ? 251 - level : level));
    expect(readClock({ ...damaged, data })).toBeUndefined();
  });

  test('its source text works by itself, in a page', () => {
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- this is how a page gets it
    const copy = new Function(`return ${readClock.toString()}`)() as typeof readClock;
    expect(copy(picture(moment, 640, 4))).toBe(moment);
  });
});
