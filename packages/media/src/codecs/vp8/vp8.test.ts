import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/hex.ts';
import { CodecFormatError } from '../codec-format-error.ts';
import { BoolDecoder } from './bool-decoder.ts';
import { BoolEncoder } from './bool-encoder.ts';
import { COEFFICIENT_UPDATE_PROBABILITIES } from './coefficient-update-probabilities.ts';
import { parseVp8FrameHeader } from './frame-header.ts';
import { isVp8Keyframe, readVp8KeyframeHeader } from './keyframe-header.ts';
import { Vp8RepeatPicture } from './repeat-picture.ts';

describe('VP8 keyframe header (RFC 6386 §9.1)', () => {
  test.each([
    ['10020f 9d012a 8002 6801', { width: 640, height: 360, horizontalScale: 0, verticalScale: 0 }],
    ['10020f 9d012a 0045 d042', { width: 1280, height: 720, horizontalScale: 1, verticalScale: 1 }],
    ['10020f 9d012a ff3f 0100', { width: 16_383, height: 1, horizontalScale: 0, verticalScale: 0 }],
  ])('%s', (hex, expected) => {
    expect(readVp8KeyframeHeader(fromHex(hex))).toEqual(expected);
  });

  test.each([
    ['an inter frame', '11020f 9d012a 8002 6801'],
    ['no start code', '10020f 9d012b 8002 6801'],
    ['no width', '10020f 9d012a 0040 6801'],
    ['cut short', '10020f 9d012a 8002 68'],
    ['nothing', ''],
  ])('%s has none', (_, hex) => {
    expect(readVp8KeyframeHeader(fromHex(hex))).toBeUndefined();
  });

  test('the first bit tells keyframes', () => {
    expect([fromHex('10'), fromHex('31'), fromHex('')].map(isVp8Keyframe)).toEqual([true, false, false]);
  });
});

describe('the boolean entropy coder (RFC 6386 §7)', () => {
  test('what is written is read again, at any probabilities', () => {
    const flags = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 255 })), { maxLength: 3000 });
    fc.assert(
      fc.property(flags, (all) => {
        const encoder = new BoolEncoder();
        for (const [value, probability] of all) encoder.flag(value, probability);
        const decoder = new BoolDecoder(encoder.finish());
        expect(all.map(([, probability]) => decoder.flag(probability))).toEqual(all.map(([value]) => value));
        expect(decoder.exhausted).toBe(false);
      }),
    );
  });

  test('carries run through bytes of ones', () => {
    const all = Array.from({ length: 4000 }, (_, i) => [i % 97 !== 0, i % 5 === 0 ? 254 : 1] as const);
    const encoder = new BoolEncoder();
    for (const [value, probability] of all) encoder.flag(value, probability);
    const decoder = new BoolDecoder(encoder.finish());
    expect(all.every(([value, probability]) => decoder.flag(probability) === value)).toBe(true);
  });

  test('reading on behind the end is noticed', () => {
    const decoder = new BoolDecoder(fromHex('5555'));
    decoder.literal(8);
    expect(decoder.exhausted).toBe(false);
    decoder.literal(32);
    expect(decoder.exhausted).toBe(true);
  });
});

describe('update probabilities (RFC 6386 §13.4)', () => {
  test('are 4 × 8 × 3 × 11 numbers from 176 to 255', () => {
    expect(COEFFICIENT_UPDATE_PROBABILITIES).toHaveLength(4 * 8 * 3 * 11);
    expect(Math.min(...COEFFICIENT_UPDATE_PROBABILITIES)).toBe(176);
    expect(Math.max(...COEFFICIENT_UPDATE_PROBABILITIES)).toBe(255);
  });
});

/** A keyframe whose first partition says: no segments, nothing optional. */
function keyframe(width: number, height: number, { version = 0, segments = false } = {}): Uint8Array {
  const partition = new BoolEncoder().literal(0, 2);
  if (segments) partition.literal(0b100, 3);
  else partition.literal(0, 1);
  const bytes = partition.literal(0, 26).finish();
  const tag = (version << 1) | 0x10 | (bytes.length << 5);
  const size = [width & 0xff, width >> 8, height & 0xff, height >> 8];
  return Uint8Array.of(tag & 0xff, (tag >> 8) & 0xff, tag >> 16, 0x9d, 0x01, 0x2a, ...size, ...bytes);
}

/** An inter frame that refreshes what it is told. */
function inter(last: boolean, golden: boolean, alternate: boolean): Uint8Array {
  const partition = new BoolEncoder().literal(0, 1 + 10 + 1 + 2 + 12);
  partition.literal(golden ? 1 : 0, 1).literal(alternate ? 1 : 0, 1);
  if (!golden) partition.literal(0, 2);
  if (!alternate) partition.literal(0, 2);
  const bytes = partition
    .literal(0, 3)
    .literal(last ? 1 : 0, 1)
    .finish();
  const tag = 1 | 0x10 | (bytes.length << 5);
  return Uint8Array.of(tag & 0xff, (tag >> 8) & 0xff, tag >> 16, ...bytes);
}

describe('parseVp8FrameHeader (RFC 6386 §9 and §19.2)', () => {
  test('a keyframe refreshes every buffer', () => {
    expect(parseVp8FrameHeader(keyframe(64, 64, { version: 2, segments: true }))).toEqual({
      keyframe: true,
      version: 2,
      shown: true,
      segmentationEnabled: true,
      refreshes: { last: true, golden: true, alternate: true },
    });
  });

  test.each([
    [true, false, false],
    [false, true, false],
    [false, false, true],
    [true, true, true],
    [false, false, false],
  ])('an inter frame: last %s, golden %s, alternate %s', (last, golden, alternate) => {
    const { refreshes, keyframe: key } = parseVp8FrameHeader(inter(last, golden, alternate));
    expect(refreshes).toEqual({ last, golden, alternate });
    expect(key).toBe(false);
  });

  test.each([
    ['', 'first partition of 0 bytes'],
    ['110200', 'first partition of 16 bytes in a frame of 3'],
    ['31000000', 'longer than its partition of 1 bytes'],
  ])('refuses %j', (hex, message) => {
    const parse = (): unknown => parseVp8FrameHeader(fromHex(hex));
    expect(parse).toThrow(CodecFormatError);
    expect(parse).toThrow(message);
  });
});

describe('Vp8RepeatPicture', () => {
  test('makes an inter frame that refreshes nothing, of the same version and segmentation', () => {
    const repeater = new Vp8RepeatPicture();
    repeater.observe(keyframe(640, 360, { version: 1, segments: true }));
    const frame = repeater.make() ?? new Uint8Array(0);
    expect(parseVp8FrameHeader(frame)).toEqual({
      keyframe: false,
      version: 1,
      shown: true,
      segmentationEnabled: true,
      refreshes: { last: false, golden: false, alternate: false },
    });
    expect(frame.length).toBeLessThan(120);
  });

  test('is made once for as long as nothing changes', () => {
    const repeater = new Vp8RepeatPicture();
    repeater.observe(keyframe(640, 360));
    const first = repeater.make();
    repeater.observe(inter(true, false, false));
    expect(repeater.make()).toBe(first);
    repeater.observe(inter(false, true, false));
    expect(repeater.make()).not.toBe(first);
  });

  test('there is none before a keyframe, for a broken frame, and for pictures too large', () => {
    const repeater = new Vp8RepeatPicture();
    expect(repeater.make()).toBeUndefined();
    repeater.observe(inter(true, false, false));
    expect(repeater.make()).toBeUndefined();
    repeater.observe(keyframe(64, 64));
    repeater.observe(fromHex('31ff00'));
    expect(repeater.make()).toBeUndefined();
    repeater.observe(keyframe(16_000, 16_000));
    expect(repeater.make()).toBeUndefined();
  });
});
