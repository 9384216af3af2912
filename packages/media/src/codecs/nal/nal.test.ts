import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { CodecFormatError } from '../codec-format-error.ts';
import { joinAnnexB, splitAnnexB } from './annex-b.ts';
import { escapeNal, unescapeNal } from './emulation-prevention.ts';
import { joinNalUnits, MAX_NAL_UNITS, normaliseNalLengths, splitNalUnits } from './length-prefixed.ts';

/** NAL units without zeros at their end, which Annex B cannot tell from padding. */
const nalArbitrary = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => escapeNal(bytes))
  .filter((nal) => nal.at(-1) !== 0);

describe('emulation prevention (H.264 §7.4.1.1)', () => {
  test.each([
    ['6500000301', '65000001'],
    ['65000003000003', '6500000000'],
    ['6500000303', '65000003'],
    ['650000047f', '650000047f'],
  ])('%s ↔ %s', (nal, rbsp) => {
    expect(toHex(unescapeNal(fromHex(nal)))).toBe(rbsp);
    expect(toHex(escapeNal(fromHex(rbsp)))).toBe(nal);
  });

  test('any RBSP comes back and holds no start code when escaped', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 2, 3, 4), { maxLength: 40 }), (bytes) => {
        const nal = escapeNal(Uint8Array.from(bytes));
        expect(toHex(nal)).not.toMatch(/^(..)*00000[012]/);
        expect([...unescapeNal(nal)]).toEqual(bytes);
      }),
      { seed: 5 },
    );
  });
});

describe('Annex B', () => {
  test('start codes of three and four bytes and trailing zeros', () => {
    const nals = splitAnnexB(fromHex('ff 00000001 6742 000001 68ce 0000 00000001 6588'));
    expect(nals.map(toHex)).toEqual(['6742', '68ce', '6588']);
    expect(toHex(joinAnnexB(nals))).toBe('0000000167420000000168ce000000016588');
  });

  test('splitting undoes joining', () => {
    fc.assert(
      fc.property(fc.array(nalArbitrary, { maxLength: 8 }), (nals) => {
        expect(splitAnnexB(joinAnnexB(nals)).map(toHex)).toEqual(nals.map(toHex));
        expect(splitNalUnits(joinNalUnits(nals)).map(toHex)).toEqual(nals.map(toHex));
      }),
      { seed: 6 },
    );
  });
});

describe('length-prefixed samples (ISO/IEC 14496-15 §4.3.2)', () => {
  test('lengths of one and two bytes become four', () => {
    expect(toHex(normaliseNalLengths(fromHex('02 6588 01 06'), 1))).toBe('0000000265880000000106');
    expect(toHex(normaliseNalLengths(fromHex('0002 6588'), 2))).toBe('000000026588');
  });

  test('a sample that is right already is not copied', () => {
    const sample = fromHex('00000002 6588');
    expect(normaliseNalLengths(sample, 4)).toBe(sample);
  });

  test('empty NAL units are dropped', () => {
    expect(toHex(normaliseNalLengths(fromHex('00000000 00000001 65'), 4))).toBe('0000000165');
  });

  test.each([
    ['00000003 6588', 'NAL unit of 3 bytes, 2 left'],
    ['ffffffff 6588', 'NAL unit of 4294967295 bytes'],
    ['00000002 6588 0000', '2 bytes left where a NAL length of 4 belongs'],
    ['', 'without a NAL unit'],
    ['00000000', 'without a NAL unit'],
  ])("refuses '%s'", (hex, message) => {
    expect(() => normaliseNalLengths(fromHex(hex), 4)).toThrow(message);
  });

  test('the number of NAL units is bounded', () => {
    const sample = new Uint8Array(2 * (MAX_NAL_UNITS + 1));
    for (let i = 0; i < sample.length; i += 2) sample[i] = 1;
    expect(() => splitNalUnits(sample, 1)).toThrow(CodecFormatError);
    expect(() => normaliseNalLengths(sample, 1)).toThrow(CodecFormatError);
  });
});
