import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/hex.ts';
import { isBSlice } from './b-slice.ts';

describe('isBSlice (H.264 §7.3.3, table 7-6)', () => {
  test.each([
    ['a B slice: first_mb 0, type 1', '01 a0', true],
    ['all slices of the picture are B: type 6', '01 9c', true],
    ['a B slice from macroblock 40 on', '01 05 28', true],
    ['a P slice: type 0', '41 c0', false],
    ['all P: type 5', '41 98', false],
    ['all I: type 7', '41 88', false],
    ['type 1 in an IDR unit, which cannot be', '65 a0', false],
    ['an SEI', '06 a0', false],
    ['nothing', '', false],
    ['a header cut short', '01', false],
    ['zeros only', '01 0000000000', false],
  ])('%s', (_, hex, expected) => {
    expect(isBSlice(fromHex(hex))).toBe(expected);
  });
});
