import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../bytes/hex.ts';
import { BoxFormatError } from './box-format-error.ts';
import { dumpBoxes } from './dump.ts';
import { writeFragment } from './fragment.ts';
import { findBox, readBoxes } from './read-boxes.ts';
import { readFragments } from './read-fragment.ts';

describe('readBoxes (ISO/IEC 14496-12 §4.2)', () => {
  test('finds children, 64-bit sizes and a last box without a size', () => {
    const boxes = readBoxes(
      fromHex(
        '00000010 6d6f6f76 00000008 6d766578  00000001 66726565 0000000000000012 abcd  00000000 6d646174 010203',
      ),
    );
    expect(boxes.map(({ type, size, headerSize }) => [type, size, headerSize])).toEqual([
      ['moov', 16, 8],
      ['free', 18, 16],
      ['mdat', 11, 8],
    ]);
    expect(findBox(boxes, ['moov', 'mvex'])?.offset).toBe(8);
    expect(findBox(boxes, ['moov', 'trak'])).toBeUndefined();
  });

  test.each([
    ['00000009 66726565', 'says 9 bytes, 8 are there'],
    ['00000007 66726565', 'says 7 bytes'],
    ['00000001 66726565', '64-bit size is cut off'],
    ['00000001 66726565 ffffffffffffffff', 'says 18446744073709552000 bytes'],
    ['000000', '3 bytes at 0'],
  ])('refuses %s', (hex, message) => {
    expect(() => readBoxes(fromHex(hex))).toThrow(message);
  });

  test('depth and count are bounded', () => {
    const nested = new Uint8Array(8 * 20);
    const view = new DataView(nested.buffer);
    for (let i = 0; i < 20; i++) {
      view.setUint32(i * 8, nested.length - i * 8);
      view.setUint32(i * 8 + 4, 0x6d6f6f76);
    }
    expect(() => readBoxes(nested)).toThrow('deeper than 16');
    const many = new Uint8Array(8 * 11);
    for (let i = 0; i < 11; i++) new DataView(many.buffer).setUint32(i * 8, 8);
    expect(() => readBoxes(many, { maxBoxes: 10 })).toThrow('too many boxes');
  });
});

describe('hostile input', () => {
  const valid = writeFragment({
    sequenceNumber: 1,
    baseMediaDecodeTime: 77,
    samples: [
      { durationTicks: 3000, sizeBytes: 3, compositionOffsetTicks: 0, keyframe: true },
      { durationTicks: 3001, sizeBytes: 4, compositionOffsetTicks: 9, keyframe: false },
    ],
    payloads: [new Uint8Array(7)],
  });

  test('a fragment with changed bytes is read or refused with a RangeError or BoxFormatError, never anything else', () => {
    const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(changes, fc.nat(valid.length), (edits, length) => {
        const bytes = valid.slice(0, length);
        for (const [at, value] of edits) if (at < length) bytes[at] = value;
        try {
          readFragments(bytes);
        } catch (error) {
          expect(error instanceof BoxFormatError || error instanceof RangeError).toBe(true);
        }
        try {
          dumpBoxes(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(BoxFormatError);
        }
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});
