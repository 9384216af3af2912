import { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import { unescapeNal } from '../nal/emulation-prevention.ts';
import { HEVC_NAL, hevcNalType } from './nal-type.ts';
import { type HevcProfile, readProfileTierLevel } from './profile-tier-level.ts';
import { type HevcVui, readVuiOfSps } from './vui.ts';

/** Sequence parameter set, H.265 §7.3.2.2.1, as far as we use it. */
export interface HevcSps {
  readonly id: number;
  readonly vpsId: number;
  /** 1…7 */
  readonly maxSubLayers: number;
  readonly temporalIdNesting: boolean;
  readonly profile: HevcProfile;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels after the conformance window. */
  readonly width: number;
  readonly height: number;
  /** sps_max_num_reorder_pics of the highest sub-layer; 0: output order is decode order. */
  readonly maxNumReorderPics: number;
  readonly vui?: HevcVui;
}

const MAX_SIDE = 16_384;

/** Parses an SPS NAL unit (header included). Throws CodecFormatError; an unreadable VUI is left out instead. */
export function parseHevcSps(nal: Uint8Array): HevcSps {
  return parsing('SPS', () => {
    if (hevcNalType(nal) !== HEVC_NAL.sps)
      throw new CodecFormatError(`SPS: NAL unit type ${hevcNalType(nal)}`);
    return readSps(new BitReader(unescapeNal(nal).subarray(2)));
  });
}

function readSps(reader: BitReader): HevcSps {
  const vpsId = reader.bits(4);
  const maxSubLayersMinus1 = reader.bits(3);
  if (maxSubLayersMinus1 > 6) throw new CodecFormatError(`SPS: ${maxSubLayersMinus1 + 1} sub-layers`);
  const temporalIdNesting = reader.flag();
  const profile = readProfileTierLevel(reader, maxSubLayersMinus1);
  const id = atMost(reader.ue(), 15, 'sps_seq_parameter_set_id');
  const chromaFormatIdc = atMost(reader.ue(), 3, 'chroma_format_idc');
  const separatePlanes = chromaFormatIdc === 3 && reader.flag();
  const codedWidth = atMost(reader.ue(), MAX_SIDE, 'pic_width_in_luma_samples');
  const codedHeight = atMost(reader.ue(), MAX_SIDE, 'pic_height_in_luma_samples');
  const [left = 0, right = 0, top = 0, bottom = 0] = reader.flag()
    ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()]
    : [];
  const subsampledX = !separatePlanes && (chromaFormatIdc === 1 || chromaFormatIdc === 2);
  const subsampledY = !separatePlanes && chromaFormatIdc === 1;
  const width = codedWidth - (left + right) * (subsampledX ? 2 : 1);
  const height = codedHeight - (top + bottom) * (subsampledY ? 2 : 1);
  if (width <= 0 || height <= 0) throw new CodecFormatError(`SPS: cropped to ${width}×${height}`);
  const bitDepthLuma = atMost(reader.ue(), 8, 'bit_depth_luma_minus8') + 8;
  const bitDepthChroma = atMost(reader.ue(), 8, 'bit_depth_chroma_minus8') + 8;
  const log2MaxPicOrderCntLsb = atMost(reader.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4') + 4;
  const perSubLayer = reader.flag();
  let maxNumReorderPics = 0;
  for (let i = perSubLayer ? 0 : maxSubLayersMinus1; i <= maxSubLayersMinus1; i++) {
    reader.ue(); // sps_max_dec_pic_buffering_minus1
    maxNumReorderPics = atMost(reader.ue(), 16, 'sps_max_num_reorder_pics');
    reader.ue(); // sps_max_latency_increase_plus1
  }
  const vui = tryVui(reader, log2MaxPicOrderCntLsb);
  return {
    id,
    vpsId,
    maxSubLayers: maxSubLayersMinus1 + 1,
    temporalIdNesting,
    profile,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    width,
    height,
    maxNumReorderPics,
    ...(vui && { vui }),
  };
}

/** Everything behind the sizes only refines what we know, so bytes that break there do not refuse the stream. */
function tryVui(reader: BitReader, log2MaxPicOrderCntLsb: number): HevcVui | undefined {
  try {
    return readVuiOfSps(reader, log2MaxPicOrderCntLsb);
  } catch (error) {
    if (error instanceof CodecFormatError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function atMost(value: number, limit: number, name: string): number {
  if (value > limit) throw new CodecFormatError(`SPS: ${name} is ${value}, at most ${limit} is allowed`);
  return value;
}
