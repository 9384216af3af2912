import { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import { unescapeNal } from '../nal/emulation-prevention.ts';
import { H264_NAL, h264NalType } from './nal-type.ts';

/** Picture parameter set, H.264 §7.3.2.2, up to the fields that only a transform needs. */
export interface H264Pps {
  readonly id: number;
  readonly spsId: number;
  /** True: CABAC, false: CAVLC. */
  readonly entropyCodingMode: boolean;
  readonly bottomFieldPicOrderInFramePresent: boolean;
  /** Slice groups (FMO); nothing after this field was read when it is above 1. */
  readonly numSliceGroups: number;
  readonly numRefIdxL0Default: number;
  readonly numRefIdxL1Default: number;
  readonly weightedPred: boolean;
  readonly weightedBipredIdc: number;
  /** QP of a slice whose slice_qp_delta is 0. */
  readonly initQp: number;
  readonly deblockingFilterControlPresent: boolean;
  readonly constrainedIntraPred: boolean;
  readonly redundantPicCntPresent: boolean;
}

/** Parses a PPS NAL unit (header included, emulation prevention still in it). Throws CodecFormatError. */
export function parseH264Pps(nal: Uint8Array): H264Pps {
  return parsing('PPS', () => {
    if (h264NalType(nal) !== H264_NAL.pps)
      throw new CodecFormatError(`PPS: NAL unit type ${h264NalType(nal)}`);
    const reader = new BitReader(unescapeNal(nal).subarray(1));
    const id = reader.ue();
    const spsId = reader.ue();
    if (id > 255 || spsId > 31) throw new CodecFormatError(`PPS: id ${id} of SPS ${spsId}`);
    const entropyCodingMode = reader.flag();
    const bottomFieldPicOrderInFramePresent = reader.flag();
    const numSliceGroups = reader.ue() + 1;
    if (numSliceGroups > 8) throw new CodecFormatError(`PPS: ${numSliceGroups} slice groups`);
    const head = { id, spsId, entropyCodingMode, bottomFieldPicOrderInFramePresent, numSliceGroups };
    if (numSliceGroups > 1) return { ...head, ...UNREAD };
    const numRefIdxL0Default = reader.ue() + 1;
    const numRefIdxL1Default = reader.ue() + 1;
    if (numRefIdxL0Default > 32 || numRefIdxL1Default > 32) {
      throw new CodecFormatError(`PPS: ${numRefIdxL0Default} and ${numRefIdxL1Default} reference indices`);
    }
    const weightedPred = reader.flag();
    const weightedBipredIdc = reader.bits(2);
    const initQp = 26 + reader.se();
    reader.se(); // pic_init_qs_minus26
    reader.se(); // chroma_qp_index_offset
    return {
      ...head,
      numRefIdxL0Default,
      numRefIdxL1Default,
      weightedPred,
      weightedBipredIdc,
      initQp,
      deblockingFilterControlPresent: reader.flag(),
      constrainedIntraPred: reader.flag(),
      redundantPicCntPresent: reader.flag(),
    };
  });
}

const UNREAD = {
  numRefIdxL0Default: 1,
  numRefIdxL1Default: 1,
  weightedPred: false,
  weightedBipredIdc: 0,
  initQp: 26,
  deblockingFilterControlPresent: false,
  constrainedIntraPred: false,
  redundantPicCntPresent: false,
};
