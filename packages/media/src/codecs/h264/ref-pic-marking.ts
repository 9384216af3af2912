import type { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError } from '../codec-format-error.ts';
import type { H264Pps } from './pps.ts';
import type { H264SliceType } from './slice-header.ts';
import type { H264Sps } from './sps.ts';

/** More commands than the 16 references of a stream can need. */
const MAX_COMMANDS = 66;

/**
 * Reads on from redundant_pic_cnt of a reference, non-IDR slice header to its dec_ref_pic_marking() (H.264 §7.3.3.3); true when that
 * holds operation 5 or 6, which take the picture out of its place among the short-term references.
 */
export function readRemarksItself(
  reader: BitReader,
  sliceType: H264SliceType,
  sps: H264Sps,
  pps: H264Pps,
): boolean {
  if (pps.redundantPicCntPresent) reader.ue();
  if (sliceType === 'B') reader.skip(1); // direct_spatial_mv_pred_flag
  const intra = sliceType === 'I' || sliceType === 'SI';
  let counts = [pps.numRefIdxL0Default, pps.numRefIdxL1Default].slice(
    0,
    intra ? 0 : sliceType === 'B' ? 2 : 1,
  );
  if (!intra && reader.flag()) counts = counts.map(() => reader.ue() + 1);
  if (counts.some((count) => count > 32))
    throw new CodecFormatError(`slice header: ${counts.join(' and ')} references`);
  for (const _ of counts) skipListModification(reader);
  const weighted = sliceType === 'B' ? pps.weightedBipredIdc === 1 : pps.weightedPred && !intra;
  if (weighted) skipWeights(reader, counts, sps.separateColourPlanes ? 0 : sps.chromaFormatIdc);
  return reader.flag() && readOperations(reader);
}

/** ref_pic_list_modification() of one list, §7.3.3.1. */
function skipListModification(reader: BitReader): void {
  if (!reader.flag()) return;
  for (let i = 0; i < MAX_COMMANDS; i++) {
    const command = reader.ue();
    if (command === 3) return;
    reader.ue(); // abs_diff_pic_num_minus1 or long_term_pic_num
  }
  throw new CodecFormatError('slice header: endless reference list modification');
}

/** pred_weight_table(), §7.3.3.2. */
function skipWeights(reader: BitReader, counts: readonly number[], chromaArrayType: number): void {
  reader.ue();
  if (chromaArrayType !== 0) reader.ue();
  for (const count of counts) {
    for (let i = 0; i < count; i++) {
      if (reader.flag()) skipPairs(reader, 1);
      if (chromaArrayType !== 0 && reader.flag()) skipPairs(reader, 2);
    }
  }
}

/** Weight and offset of one or two colour components. */
function skipPairs(reader: BitReader, components: number): void {
  for (let i = 0; i < components * 2; i++) reader.se();
}

function readOperations(reader: BitReader): boolean {
  let remarks = false;
  for (let i = 0; i < MAX_COMMANDS; i++) {
    const operation = reader.ue();
    if (operation === 0) return remarks;
    if (operation === 5 || operation === 6) remarks = true;
    // Operation 3 has two operands, 5 none, the others one.
    if (operation !== 5) reader.ue();
    if (operation === 3) reader.ue();
  }
  throw new CodecFormatError('slice header: endless reference marking');
}
