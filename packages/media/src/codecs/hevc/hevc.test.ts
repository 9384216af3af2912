import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { CodecFormatError } from '../codec-format-error.ts';
import { hevcProperties, parseHevcConfig, withFourByteHevcLengths, writeHevcConfig } from './hevc-config.ts';
import { containsIrap } from './nal-type.ts';
import { parseHevcPps } from './pps.ts';
import { hevcCodecString } from './profile-tier-level.ts';
import { parseHevcSps } from './sps.ts';
import { parseHevcVps } from './vps.ts';

// libx265, Main, 854×480 at 30 fps.
const VPS = fromHex('40010c01ffff01600000030090000003000003005a959809');
const SPS = fromHex('42010101600000030090000003000003005aa006b201e1d796566924caf0168080000003008000000f04');
const PPS = fromHex('4401c172b46240');
const RECORD = fromHex(
  `0101600000009000000000005af000fcfdf8f800000f03
  a00001 0018 ${toHex(VPS)} a10001 002a ${toHex(SPS)} a20001 0007 ${toHex(PPS)}`,
);

describe('parameter sets (H.265 §7.3.2)', () => {
  test('VPS and PPS', () => {
    expect(parseHevcVps(VPS)).toMatchObject({ id: 0, maxSubLayers: 1, temporalIdNesting: true });
    expect(parseHevcPps(PPS)).toEqual({ id: 0, spsId: 0 });
  });

  test('SPS (expected values from ffprobe)', () => {
    expect(parseHevcSps(SPS)).toMatchObject({
      width: 854,
      height: 480,
      chromaFormatIdc: 1,
      bitDepthLuma: 8,
      maxNumReorderPics: 2,
      profile: { profileIdc: 1, levelIdc: 90, highTier: false },
      vui: { frameRate: 30 },
    });
  });

  test('an SPS cut off behind the sizes keeps them', () => {
    const sps = parseHevcSps(SPS.subarray(0, 32));
    expect(sps).toMatchObject({ width: 854, height: 480 });
    expect(sps.vui).toBeUndefined();
  });

  test('another NAL unit is refused', () => {
    expect(() => parseHevcSps(PPS)).toThrow('NAL unit type 34');
    expect(() => parseHevcSps(new Uint8Array(0))).toThrow('NAL unit type 63');
  });
});

describe('hvcC (ISO/IEC 14496-15 §8.3.3.1)', () => {
  test('writing what was read gives the record again', () => {
    expect(toHex(writeHevcConfig(parseHevcConfig(RECORD)))).toBe(toHex(RECORD));
  });

  test('properties', () => {
    expect(hevcProperties(RECORD)).toEqual({
      codecString: 'hvc1.1.6.L90.90',
      width: 854,
      height: 480,
      frameRate: 30,
    });
  });

  test('two-byte lengths become four', () => {
    const short = RECORD.slice();
    short[21] = 0x0d;
    expect(parseHevcConfig(short).nalLengthSize).toBe(2);
    expect(withFourByteHevcLengths(short)).toEqual(RECORD);
  });

  test('hostile records end in CodecFormatError or a result', () => {
    const edits = fc.array(fc.tuple(fc.nat(RECORD.length - 1), fc.nat(255)), { maxLength: 5 });
    fc.assert(
      fc.property(edits, fc.nat(RECORD.length), (changes, length) => {
        const record = RECORD.slice(0, length);
        for (const [at, value] of changes) if (at < length) record[at] = value;
        try {
          hevcProperties(record);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecFormatError);
        }
      }),
      { seed: 10, numRuns: 2000 },
    );
  });
});

describe('hevcCodecString (14496-15 annex E.3)', () => {
  test.each([
    [1, 0x6000_0000, false, 93, 'b00000000000', 'hvc1.1.6.L93.B0'],
    [2, 0x2000_0000, true, 153, '900000000000', 'hvc1.2.4.H153.90'],
    [1, 0x6000_0000, false, 120, '000000000000', 'hvc1.1.6.L120'],
    [4, 0x0800_0000, false, 120, '9d0800000000', 'hvc1.4.10.L120.9D.8'],
  ])('profile %i', (profileIdc, compatibilityFlags, highTier, levelIdc, constraints, expected) => {
    const profile = { profileSpace: 0, profileIdc, compatibilityFlags, highTier, levelIdc };
    expect(hevcCodecString({ ...profile, constraintFlags: fromHex(constraints) })).toBe(expected);
  });

  test('profile space 1 is A', () => {
    const { profile } = parseHevcSps(SPS);
    expect(hevcCodecString({ ...profile, profileSpace: 1 })).toBe('hvc1.A1.6.L90.90');
  });
});

describe('containsIrap', () => {
  test('IDR, CRA and BLA are, trailing pictures are not', () => {
    expect(containsIrap(fromHex('00000002 4e01 00000002 2601'))).toBe(true); // SEI, IDR_W_RADL
    expect(containsIrap(fromHex('00000002 2a01'))).toBe(true); // CRA
    expect(containsIrap(fromHex('00000002 2001'))).toBe(true); // BLA
    expect(containsIrap(fromHex('00000002 0201'))).toBe(false); // TRAIL_R
    expect(containsIrap(fromHex('ffffffff 02'))).toBe(false);
    expect(containsIrap(new Uint8Array(3))).toBe(false);
  });
});
