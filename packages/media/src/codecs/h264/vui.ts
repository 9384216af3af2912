import type { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError } from '../codec-format-error.ts';

/** Video usability information, H.264 §E.1.1, as far as we use it. */
export interface H264Vui {
  /** Width : height of a pixel; absent when unspecified. */
  readonly pixelAspect?: { readonly hSpacing: number; readonly vSpacing: number };
  readonly timing?: {
    readonly numUnitsInTick: number;
    readonly timeScale: number;
    /** Every frame lasts equally long. */
    readonly fixedFrameRate: boolean;
  };
  /** Pictures that may follow, in output order, one that precedes them in decode order; absent when not told. */
  readonly maxNumReorderFrames?: number;
  readonly maxDecFrameBuffering?: number;
}

/** aspect_ratio_idc → pixel shape, table E-1. */
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

/** Reads vui_parameters(). */
export function readH264Vui(reader: BitReader): H264Vui {
  const pixelAspect = reader.flag() ? readPixelAspect(reader) : undefined;
  if (reader.flag()) reader.skip(1); // overscan
  if (reader.flag()) {
    reader.skip(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24); // colour description
  }
  if (reader.flag()) {
    reader.ue(); // chroma_sample_loc_type_top_field
    reader.ue();
  }
  const timing = reader.flag()
    ? { numUnitsInTick: reader.bits(32), timeScale: reader.bits(32), fixedFrameRate: reader.flag() }
    : undefined;
  const nalHrd = reader.flag();
  if (nalHrd) skipHrd(reader);
  const vclHrd = reader.flag();
  if (vclHrd) skipHrd(reader);
  if (nalHrd || vclHrd) reader.skip(1); // low_delay_hrd_flag
  reader.skip(1); // pic_struct_present_flag
  const vui = { ...(pixelAspect && { pixelAspect }), ...(timing && { timing }) };
  if (!reader.flag()) return vui;
  reader.skip(1); // motion_vectors_over_pic_boundaries_flag
  for (let i = 0; i < 4; i++) reader.ue();
  return { ...vui, maxNumReorderFrames: reader.ue(), maxDecFrameBuffering: reader.ue() };
}

function readPixelAspect(reader: BitReader): H264Vui['pixelAspect'] {
  const idc = reader.bits(8);
  const [hSpacing, vSpacing] =
    idc === EXTENDED_SAR ? [reader.bits(16), reader.bits(16)] : (PIXEL_ASPECTS[idc] ?? [0, 0]);
  return hSpacing === 0 || vSpacing === 0 ? undefined : { hSpacing, vSpacing };
}

/** hrd_parameters(), §E.1.2. */
function skipHrd(reader: BitReader): void {
  const count = reader.ue() + 1;
  if (count > 32) throw new CodecFormatError(`SPS: cpb_cnt_minus1 is ${count - 1}, at most 31 is allowed`);
  reader.skip(8);
  for (let i = 0; i < count; i++) {
    reader.ue(); // bit_rate_value_minus1
    reader.ue(); // cpb_size_value_minus1
    reader.skip(1);
  }
  reader.skip(20);
}
