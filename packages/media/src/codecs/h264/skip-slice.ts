import { BitWriter } from '../../bytes/bit-writer.ts';
import { escapeNal } from '../nal/emulation-prevention.ts';
import { encodeSkippedMbs, SKIP_SLICE_QP } from './cabac-skip.ts';
import type { H264Pps } from './pps.ts';
import type { H264Sps } from './sps.ts';

/** Where a skip slice stands in its stream. */
export interface SkipSlicePosition {
  readonly frameNum: number;
  /** Ignored unless pic_order_cnt_type is 0. */
  readonly picOrderCntLsb: number;
  /** delta_pic_order_cnt_bottom, where the stream has it. */
  readonly deltaPicOrderCnt: number;
}

const P_IN_ALL_SLICES = 5; // slice_type, table 7-6

/**
 * A whole non-reference picture in one P slice of nothing but P_Skip macroblocks (H.264 §7.3.3–7.3.4): each copies the same
 * place of the latest short-term reference picture, as their motion vectors are all zero (§8.4.1.1) and without
 * coefficients no edge is filtered (§8.7.2.1: bS = 0). Progressive
 * pictures of one slice group only, not of pic_order_cnt_type 1.
 */
export function writeSkipSlice(sps: H264Sps, pps: H264Pps, position: SkipSlicePosition): Uint8Array {
  const writer = new BitWriter().bits(1, 8); // nal_ref_idc 0, nal_unit_type 1
  writer.ue(0).ue(P_IN_ALL_SLICES).ue(pps.id);
  writer.bits(position.frameNum, sps.log2MaxFrameNum);
  if (sps.picOrderCntType === 0) {
    writer.bits(position.picOrderCntLsb, sps.log2MaxPicOrderCntLsb);
    if (pps.bottomFieldPicOrderInFramePresent) writer.se(position.deltaPicOrderCnt);
  }
  if (pps.redundantPicCntPresent) writer.ue(0);
  if (pps.numRefIdxL0Default === 1) writer.flag(false);
  else writer.flag(true).ue(0); // num_ref_idx_l0_active_minus1
  writer.flag(false); // ref_pic_list_modification_flag_l0
  if (pps.weightedPred) writeIdentityWeights(writer, sps.chromaFormatIdc);
  if (pps.entropyCodingMode) writer.ue(0); // cabac_init_idc
  writer.se((pps.entropyCodingMode ? SKIP_SLICE_QP : pps.initQp) - pps.initQp);
  if (pps.deblockingFilterControlPresent) writer.ue(1); // off: there would be nothing to filter
  const macroblocks = sps.widthInMbs * sps.heightInMbs;
  if (pps.entropyCodingMode) {
    writer.align(1); // cabac_alignment_one_bit
    encodeSkippedMbs(writer, macroblocks);
  } else {
    writer.ue(macroblocks).bits(1, 1); // mb_skip_run, rbsp_stop_one_bit
  }
  return escapeNal(writer.align(0).toBytes());
}

/** pred_weight_table(), §7.3.3.2, for one reference: no explicit weights. */
function writeIdentityWeights(writer: BitWriter, chromaFormatIdc: number): void {
  writer.ue(0);
  if (chromaFormatIdc !== 0) writer.ue(0);
  writer.flag(false);
  if (chromaFormatIdc !== 0) writer.flag(false);
}
