import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { joinNalUnits, splitNalUnits } from '../nal/length-prefixed.ts';
import { RepeatPicture } from './repeat-picture.ts';

/** libx264, 854×480, constrained baseline, pic_order_cnt_type 2. */
const BASELINE = fromHex('0142c01fffe100196742c01fda0360f79bc044000003000400000300f23c60ca8001000468ce0fc8');
/** libx264, 1280×720, High, CABAC. */
const HIGH = fromHex(
  '0164001fffe100186764001facb200a00b760220000003002000000781e3064901000668ebc3cb22c0fdf8f800',
);

describe('RepeatPicture', () => {
  test('an all-skip slice in CAVLC: frame_num of the next picture, one skip run of 54 × 30 macroblocks', () => {
    const repeater = RepeatPicture.for(BASELINE);
    repeater?.observe(joinNalUnits([fromHex('41 9a 60 00 80')])); // frame_num 3
    // first_mb 1 | P in all 00110 | PPS 1 | frame_num 0100 | no override 0 | no modification 0 | qp_delta 1 |
    // deblocking off 010 | mb_skip_run 1620: 0000000000 11001010101 | stop bit
    const [delimiter, slice] = splitNalUnits(repeater?.make() ?? new Uint8Array(0));
    expect(toHex(delimiter ?? new Uint8Array(0))).toBe('0930');
    expect(toHex(slice ?? new Uint8Array(0))).toBe('019a85001956');
  });

  test('is the same bytes until the next source picture', () => {
    const repeater = RepeatPicture.for(HIGH);
    expect(repeater?.make()).toBeUndefined();
    repeater?.observe(joinNalUnits([fromHex('65 88 84 00 80')]));
    const first = repeater?.make();
    expect(first).toBeDefined();
    expect(repeater?.make()).toBe(first);
    repeater?.observe(joinNalUnits([fromHex('41 9a 60 00 80')]));
    expect(toHex(repeater?.make() ?? new Uint8Array(0))).not.toBe(toHex(first ?? new Uint8Array(0)));
  });

  test('a source picture that drops an older reference is followed, one that becomes long-term is not', () => {
    const repeater = RepeatPicture.for(BASELINE);
    repeater?.observe(joinNalUnits([fromHex('41 9a 65 60 80')])); // memory_management_control_operation 1
    expect(repeater?.make()).toBeDefined();
    repeater?.observe(joinNalUnits([fromHex('41 9a 64 f8 80')])); // operation 6
    expect(repeater?.make()).toBeUndefined();
  });

  test('gives up on what it cannot follow', () => {
    const repeater = RepeatPicture.for(BASELINE);
    repeater?.observe(joinNalUnits([fromHex('0605')]));
    expect(repeater?.make()).toBeUndefined();
    repeater?.observe(joinNalUnits([fromHex('01 9e 60 00 80')])); // a B slice
    expect(repeater?.make()).toBeUndefined();
    repeater?.observe(fromHex('ffffffff41'));
    expect(repeater?.make()).toBeUndefined();
    expect(RepeatPicture.for(fromHex('00'))).toBeUndefined();
  });
});
