import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { CodecFormatError } from '../codec-format-error.ts';
import {
  avcCodecString,
  avcProperties,
  parseAvcConfig,
  withFourByteAvcLengths,
  writeAvcConfig,
} from './avc-config.ts';
import { containsIdr } from './nal-type.ts';
import { parseH264Pps } from './pps.ts';
import { RepeatPicture } from './repeat-picture.ts';
import { parseH264SliceHeader } from './slice-header.ts';
import { parseH264Sps } from './sps.ts';

/** libx264 `-preset medium -bf 0`, 1280×720 at 30 fps. */
const HIGH = fromHex(
  '0164001fffe100186764001facb200a00b760220000003002000000781e3064901000668ebc3cb22c0fdf8f800',
);
/** libx264 `-preset ultrafast -tune zerolatency`, 854×480 at 30 fps. */
const BASELINE = fromHex('0142c01fffe100196742c01fda0360f79bc044000003000400000300f23c60ca8001000468ce0fc8');
/** OpenH264, 640×360, high profile, without timing. */
const OPENH264 = fromHex('01640c1effe1001067640c1eac191a80a02ff9601e1108d401000468ce3c80');

describe('SPS (H.264 §7.3.2.1.1)', () => {
  const spsOf = (record: Uint8Array) => parseH264Sps(parseAvcConfig(record).spsNals[0] ?? new Uint8Array(0));

  test('High profile with VUI (expected values from ffprobe and x264)', () => {
    expect(spsOf(HIGH)).toMatchObject({
      profileIdc: 100,
      levelIdc: 31,
      chromaFormatIdc: 1,
      bitDepthLuma: 8,
      picOrderCntType: 2,
      maxNumRefFrames: 3,
      widthInMbs: 80,
      heightInMbs: 45,
      frameMbsOnly: true,
      width: 1280,
      height: 720,
      frameRate: 30,
      vui: {
        pixelAspect: { hSpacing: 1, vSpacing: 1 },
        timing: { numUnitsInTick: 1, timeScale: 60, fixedFrameRate: false },
        maxNumReorderFrames: 0,
        maxDecFrameBuffering: 3,
      },
    });
  });

  test('cropping takes 854 out of 54 macroblocks', () => {
    expect(spsOf(BASELINE)).toMatchObject({
      widthInMbs: 54,
      width: 854,
      heightInMbs: 30,
      height: 480,
      profileIdc: 66,
    });
  });

  test('no timing, no frame rate', () => {
    const sps = spsOf(OPENH264);
    expect(sps).toMatchObject({ width: 640, height: 360, picOrderCntType: 0 });
    expect(sps.frameRate).toBeUndefined();
  });

  test.each([
    ['68ce0fc8', 'NAL unit type 8'],
    ['67', 'wanted 8 bits'],
    ['', 'NAL unit type 0'],
    ['6742c01f0000000000ffff', 'Exp-Golomb'],
  ])("refuses '%s'", (hex, message) => {
    expect(() => parseH264Sps(fromHex(hex))).toThrow(message);
    expect(() => parseH264Sps(fromHex(hex))).toThrow(CodecFormatError);
  });
});

describe('PPS (H.264 §7.3.2.2)', () => {
  test('of x264 High: CABAC, weighted prediction, three references', () => {
    const pps = parseH264Pps(parseAvcConfig(HIGH).ppsNals[0] ?? new Uint8Array(0));
    expect(pps).toMatchObject({
      id: 0,
      spsId: 0,
      entropyCodingMode: true,
      numSliceGroups: 1,
      numRefIdxL0Default: 3,
      weightedPred: true,
      deblockingFilterControlPresent: true,
    });
  });

  test('of x264 baseline: CAVLC', () => {
    const pps = parseH264Pps(parseAvcConfig(BASELINE).ppsNals[0] ?? new Uint8Array(0));
    expect(pps).toMatchObject({ entropyCodingMode: false, weightedPred: false, numRefIdxL0Default: 1 });
  });
});

describe('avcC (ISO/IEC 14496-15 §5.3.3.1)', () => {
  test.each([
    ['high', HIGH],
    ['baseline', BASELINE],
  ])('%s: writing what was read gives the bytes that FFmpeg wrote', (_, record) => {
    const { spsNals, ppsNals } = parseAvcConfig(record);
    expect(toHex(writeAvcConfig(spsNals, ppsNals))).toBe(toHex(record));
  });

  test('properties and codec string', () => {
    expect(avcProperties(HIGH)).toEqual({
      codecString: 'avc1.64001f',
      width: 1280,
      height: 720,
      frameRate: 30,
    });
    expect(avcCodecString(parseAvcConfig(OPENH264))).toBe('avc1.640c1e');
  });

  test('a record for one-byte lengths is rewritten for four', () => {
    const oneByte = HIGH.slice();
    oneByte[4] = 0xfc;
    expect(parseAvcConfig(oneByte).nalLengthSize).toBe(1);
    expect(withFourByteAvcLengths(oneByte)).toEqual(HIGH);
    expect(withFourByteAvcLengths(HIGH)).toBe(HIGH);
  });

  test.each([
    ['00', 'version 0'],
    ['0164001ffee100016701000168', 'NAL length size 3'],
    ['0164001fffe000', '0 SPS and 0 PPS'],
    ['0164001fffe1ffff67', 'wanted 65535 bytes'],
  ])('refuses %s', (hex, message) => {
    expect(() => parseAvcConfig(fromHex(hex))).toThrow(message);
  });

  test('hostile records and slices end in CodecFormatError or a result', () => {
    const edits = fc.array(fc.tuple(fc.nat(HIGH.length - 1), fc.nat(255)), { maxLength: 5 });
    fc.assert(
      fc.property(edits, fc.nat(HIGH.length), fc.uint8Array({ maxLength: 40 }), (changes, length, slice) => {
        const record = HIGH.slice(0, length);
        for (const [at, value] of changes) if (at < length) record[at] = value;
        try {
          avcProperties(record);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecFormatError);
        }
        const repeat = RepeatPicture.for(record);
        repeat?.observe(slice);
        repeat?.make();
      }),
      { seed: 7, numRuns: 2000 },
    );
  });
});

describe('containsIdr', () => {
  test('finds the first slice behind parameter sets and SEI', () => {
    expect(containsIdr(fromHex('00000002 6764 00000001 68 00000002 6588'))).toBe(true);
    expect(containsIdr(fromHex('00000002 0605 00000002 4188'))).toBe(false);
    expect(containsIdr(fromHex('00000000 00000001 65'))).toBe(true);
  });

  test('never throws, whatever the lengths say', () => {
    expect(containsIdr(fromHex('ffffffff 41'))).toBe(false);
    expect(containsIdr(fromHex('000000'))).toBe(false);
    expect(containsIdr(new Uint8Array(0))).toBe(false);
  });
});

describe('parseH264SliceHeader (§7.3.3)', () => {
  test('an IDR and a P slice of x264', () => {
    const sets = {
      sps: new Map([[0, parseH264Sps(parseAvcConfig(BASELINE).spsNals[0] ?? new Uint8Array(0))]]),
      pps: new Map([[0, parseH264Pps(parseAvcConfig(BASELINE).ppsNals[0] ?? new Uint8Array(0))]]),
    };
    // IDR: first_mb 0, I (7), PPS 0, frame_num 0000, idr_pic_id 0 | P: first_mb 0, P (5), PPS 0, frame_num 0011
    expect(parseH264SliceHeader(fromHex('65 88 84 00'), sets)).toMatchObject({
      idr: true,
      sliceType: 'I',
      frameNum: 0,
    });
    expect(parseH264SliceHeader(fromHex('41 9a 60 00'), sets)).toMatchObject({
      idr: false,
      nalRefIdc: 2,
      sliceType: 'P',
      frameNum: 3,
    });
    expect(() => parseH264SliceHeader(fromHex('41 98 60 00'), sets)).toThrow(/unknown PPS|wanted/);
  });
});
