import { BitReader } from '../../bytes/bit-reader.ts';
import { unescapeNal } from '../nal/emulation-prevention.ts';
import { H264_NAL, h264NalType } from './nal-type.ts';

/** first_mb_in_slice and slice_type fit, whatever their values, with emulation prevention. */
const HEAD_BYTES = 16;

/** True when a NAL unit is a slice of type B (H.264 table 7-6). Needs no parameter sets; false for anything else, never throws. */
export function isBSlice(nal: Uint8Array): boolean {
  const type = h264NalType(nal);
  if (type !== H264_NAL.slice && type !== H264_NAL.partitionA) return false;
  try {
    const reader = new BitReader(unescapeNal(nal.subarray(0, HEAD_BYTES)).subarray(1));
    reader.ue();
    return reader.ue() % 5 === 1;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
