import type { BitReader } from '../../bytes/bit-reader.ts';
import type { VideoProperties } from '../video-properties.ts';
import { skipShortTermRefPicSets } from './short-term-ref-pic-set.ts';

/** What we use of an SPS's video usability information, H.265 §E.2.1. */
export interface HevcVui {
  readonly pixelAspect?: NonNullable<VideoProperties['pixelAspect']>;
  /** Frames per second, when told and plausible (≤ 1000). */
  readonly frameRate?: number;
}

/** aspect_ratio_idc → pixel shape, H.265 table E.1. */
const PIXEL_ASPECTS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED_SAR = 255;

/** Reads on from log2_min_luma_coding_block_size_minus3 of an SPS to its VUI, §7.3.2.2.1; undefined when it has none. */
export function readVuiOfSps(reader: BitReader, log2MaxPicOrderCntLsb: number): HevcVui | undefined {
  for (let i = 0; i < 6; i++) reader.ue(); // block sizes and transform depths
  if (reader.flag() && reader.flag()) skipScalingLists(reader);
  reader.skip(2); // amp, sample adaptive offset
  if (reader.flag()) {
    reader.skip(8); // pcm bit depths
    reader.ue();
    reader.ue();
    reader.skip(1);
  }
  skipShortTermRefPicSets(reader, reader.ue());
  if (reader.flag()) {
    const count = Math.min(reader.ue(), 32);
    reader.skip(count * (log2MaxPicOrderCntLsb + 1));
  }
  reader.skip(2); // temporal MVP, strong intra smoothing
  return reader.flag() ? readVui(reader) : undefined;
}

function readVui(reader: BitReader): HevcVui {
  const pixelAspect = reader.flag() ? readPixelAspect(reader) : undefined;
  if (reader.flag()) reader.skip(1); // overscan
  if (reader.flag()) {
    reader.skip(4); // video_format, full range
    if (reader.flag()) reader.skip(24); // colour description
  }
  if (reader.flag()) {
    reader.ue(); // chroma sample location
    reader.ue();
  }
  reader.skip(3); // neutral chroma, field_seq, frame_field_info
  if (reader.flag()) for (let i = 0; i < 4; i++) reader.ue(); // default display window
  let frameRate: number | undefined;
  if (reader.flag()) {
    const numUnitsInTick = reader.bits(32);
    const rate = reader.bits(32) / numUnitsInTick;
    if (rate > 0 && rate <= 1000) frameRate = rate;
  }
  return { ...(pixelAspect && { pixelAspect }), ...(frameRate !== undefined && { frameRate }) };
}

function readPixelAspect(reader: BitReader): HevcVui['pixelAspect'] {
  const idc = reader.bits(8);
  const [hSpacing, vSpacing] =
    idc === EXTENDED_SAR ? [reader.bits(16), reader.bits(16)] : (PIXEL_ASPECTS[idc] ?? [0, 0]);
  return hSpacing === 0 || vSpacing === 0 ? undefined : { hSpacing, vSpacing };
}

/** Skips scaling_list_data(), §7.3.4. */
function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.ue(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (size > 1) reader.se(); // scaling_list_dc_coef_minus8
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      for (let i = 0; i < coefficients; i++) reader.se();
    }
  }
}
