import { describe, expect, test } from 'vitest';
import { toHex } from '../bytes/hex.ts';
import { ebmlElement, ebmlFloat, ebmlOpenElement, ebmlSize, ebmlString, ebmlUnsigned } from './ebml.ts';

describe('EBML (RFC 8794)', () => {
  test('a size takes the fewest bytes, and never the all-ones value that means unknown (§4)', () => {
    expect(toHex(ebmlSize(0))).toBe('80');
    expect(toHex(ebmlSize(126))).toBe('fe');
    expect(toHex(ebmlSize(127))).toBe('407f');
    expect(toHex(ebmlSize(16_382))).toBe('7ffe');
    expect(toHex(ebmlSize(16_383))).toBe('203fff');
    expect(toHex(ebmlSize(2 ** 32))).toBe('0900000000');
  });

  test('an unsigned integer takes the fewest bytes (§7.2)', () => {
    expect(toHex(ebmlUnsigned(0xd7, 0))).toBe('d78100');
    expect(toHex(ebmlUnsigned(0x2ad7b1, 1_000_000))).toBe('2ad7b1830f4240');
  });

  test('floats, strings and master elements carry their size', () => {
    expect(toHex(ebmlFloat(0xb5, 48_000))).toBe('b58840e7700000000000');
    expect(toHex(ebmlString(0x86, 'V_VP8'))).toBe('8685565f565038');
    expect(toHex(ebmlElement(0xe0, ebmlUnsigned(0xb0, 640)))).toBe('e084b0820280');
  });

  test('an open element has the reserved unknown size (§6.2)', () => {
    expect(toHex(ebmlOpenElement(0x18538067))).toBe('1853806701ffffffffffffff');
  });

  test('refuses numbers that it cannot write', () => {
    expect(() => ebmlSize(-1)).toThrow(RangeError);
    expect(() => ebmlUnsigned(0xd7, 1.5)).toThrow('got 1.5');
    expect(() => ebmlString(0x86, 'é')).toThrow(RangeError);
  });
});
