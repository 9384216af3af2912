import { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import { unescapeNal } from '../nal/emulation-prevention.ts';
import { H264_NAL, h264NalType } from './nal-type.ts';
import type { H264Pps } from './pps.ts';
import { readRemarksItself } from './ref-pic-marking.ts';
import type { H264Sps } from './sps.ts';

/** slice_type modulo 5, H.264 table 7-6. */
export type H264SliceType = 'P' | 'B' | 'I' | 'SP' | 'SI';

/** What we use of the slice header, H.264 §7.3.3. */
export interface H264SliceHeader {
  readonly nalRefIdc: number;
  readonly idr: boolean;
  readonly firstMb: number;
  readonly sliceType: H264SliceType;
  readonly ppsId: number;
  readonly frameNum: number;
  readonly fieldPicture: boolean;
  /** 0 unless pic_order_cnt_type is 0. */
  readonly picOrderCntLsb: number;
  /** delta_pic_order_cnt_bottom, or delta_pic_order_cnt[0] of type 1; 0 when absent. */
  readonly deltaPicOrderCnt: number;
  /**
   * The picture marks itself as a long-term reference (memory_management_control_operation 6) or resets the picture order
   * (5), §7.4.3.3. Always false for IDR pictures.
   */
  readonly remarksItself: boolean;
}

/** Finds the parameter sets that a slice names. */
export interface H264ParameterSets {
  readonly sps: ReadonlyMap<number, H264Sps>;
  readonly pps: ReadonlyMap<number, H264Pps>;
}

const SLICE_TYPES: readonly H264SliceType[] = ['P', 'B', 'I', 'SP', 'SI'];

/** Longest header that we look at: 32 references with explicit weights still fit. */
const HEADER_BYTES = 1024;

/** Parses the header of a slice NAL unit (type 1 or 5). Throws CodecFormatError, also for unknown parameter sets. */
export function parseH264SliceHeader(nal: Uint8Array, sets: H264ParameterSets): H264SliceHeader {
  return parsing('slice header', () => {
    const type = h264NalType(nal);
    const idr = type === H264_NAL.idr;
    if (!idr && type !== H264_NAL.slice) throw new CodecFormatError(`slice header: NAL unit type ${type}`);
    const reader = new BitReader(unescapeNal(nal.subarray(0, HEADER_BYTES)).subarray(1));
    const firstMb = reader.ue();
    const sliceType = SLICE_TYPES[reader.ue() % 5] ?? 'I';
    const ppsId = reader.ue();
    const pps = sets.pps.get(ppsId);
    const sps = pps && sets.sps.get(pps.spsId);
    if (pps === undefined || sps === undefined)
      throw new CodecFormatError(`slice header: unknown PPS ${ppsId}`);
    if (sps.separateColourPlanes) reader.skip(2);
    const frameNum = reader.bits(sps.log2MaxFrameNum);
    const fieldPicture = !sps.frameMbsOnly && reader.flag();
    if (fieldPicture) reader.skip(1); // bottom_field_flag
    if (idr) reader.ue(); // idr_pic_id
    const picOrderCntLsb = sps.picOrderCntType === 0 ? reader.bits(sps.log2MaxPicOrderCntLsb) : 0;
    const hasDelta =
      sps.picOrderCntType === 0
        ? pps.bottomFieldPicOrderInFramePresent && !fieldPicture
        : sps.picOrderCntType === 1 && sps.picOrderCntCycle?.deltaAlwaysZero === false;
    const deltaPicOrderCnt = hasDelta ? reader.se() : 0;
    const nalRefIdc = ((nal[0] ?? 0) >> 5) & 3;
    const remarksItself = nalRefIdc !== 0 && !idr && readRemarksItself(reader, sliceType, sps, pps);
    return {
      nalRefIdc,
      idr,
      firstMb,
      sliceType,
      ppsId,
      frameNum,
      fieldPicture,
      picOrderCntLsb,
      deltaPicOrderCnt,
      remarksItself,
    };
  });
}
