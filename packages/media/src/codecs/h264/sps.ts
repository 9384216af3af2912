import { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import { unescapeNal } from '../nal/emulation-prevention.ts';
import { H264_NAL, h264NalType } from './nal-type.ts';
import { skipScalingMatrix } from './scaling-list.ts';
import { type H264Vui, readH264Vui } from './vui.ts';

/** Sequence parameter set, H.264 §7.3.2.1.1. */
export interface H264Sps {
  readonly profileIdc: number;
  /** constraint_set0_flag … as one byte, first flag highest. */
  readonly constraintFlags: number;
  readonly levelIdc: number;
  readonly id: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number;
  readonly separateColourPlanes: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly log2MaxFrameNum: number;
  readonly picOrderCntType: 0 | 1 | 2;
  /** Only for type 0; otherwise 0. */
  readonly log2MaxPicOrderCntLsb: number;
  /** Only for type 1. */
  readonly picOrderCntCycle?: {
    readonly deltaAlwaysZero: boolean;
    readonly offsetForNonRefPic: number;
    readonly offsetForTopToBottomField: number;
    readonly offsetsForRefFrame: readonly number[];
  };
  readonly maxNumRefFrames: number;
  readonly gapsInFrameNumAllowed: boolean;
  readonly widthInMbs: number;
  /** Rows of macroblocks in a frame. */
  readonly heightInMbs: number;
  /** False: fields or MBAFF may occur. */
  readonly frameMbsOnly: boolean;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  readonly vui?: H264Vui;
  /** Frames per second from the VUI, when it has them and they are plausible (≤ 1000). */
  readonly frameRate?: number;
}

/** Profiles whose SPS has chroma format, bit depths and scaling lists. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** 16384 pixels: level 6.2 ends below it, and so do our allocations. */
const MAX_MBS_PER_SIDE = 1024;

/** Parses an SPS NAL unit (header included, emulation prevention still in it). Throws CodecFormatError. */
export function parseH264Sps(nal: Uint8Array): H264Sps {
  return parsing('SPS', () => {
    if (h264NalType(nal) !== H264_NAL.sps)
      throw new CodecFormatError(`SPS: NAL unit type ${h264NalType(nal)}`);
    return readSps(new BitReader(unescapeNal(nal).subarray(1)));
  });
}

function readSps(reader: BitReader): H264Sps {
  const profileIdc = reader.bits(8);
  const constraintFlags = reader.bits(8);
  const levelIdc = reader.bits(8);
  const id = atMost(reader.ue(), 31, 'seq_parameter_set_id');
  const colour = HIGH_PROFILES.has(profileIdc) ? readColour(reader) : EIGHT_BIT_420;
  const log2MaxFrameNum = atMost(reader.ue(), 12, 'log2_max_frame_num_minus4') + 4;
  const order = readPicOrderCnt(reader);
  const maxNumRefFrames = atMost(reader.ue(), 16, 'max_num_ref_frames');
  const gapsInFrameNumAllowed = reader.flag();
  const widthInMbs = atMost(reader.ue(), MAX_MBS_PER_SIDE - 1, 'pic_width_in_mbs_minus1') + 1;
  const mapUnits = atMost(reader.ue(), MAX_MBS_PER_SIDE - 1, 'pic_height_in_map_units_minus1') + 1;
  const frameMbsOnly = reader.flag();
  if (!frameMbsOnly) reader.skip(1); // mb_adaptive_frame_field_flag
  reader.skip(1); // direct_8x8_inference_flag
  const heightInMbs = frameMbsOnly ? mapUnits : mapUnits * 2;
  const crop = reader.flag() ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  // §7.4.2.1.1: crop units are chroma samples, and twice as high in field coding.
  const sharedChroma = colour.separateColourPlanes ? 0 : colour.chromaFormatIdc;
  const cropX = sharedChroma === 1 || sharedChroma === 2 ? 2 : 1;
  const cropY = (sharedChroma === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2);
  const width = widthInMbs * 16 - (left + right) * cropX;
  const height = heightInMbs * 16 - (top + bottom) * cropY;
  if (width <= 0 || height <= 0) throw new CodecFormatError(`SPS: cropped to ${width}×${height}`);
  const vui = reader.flag() ? readH264Vui(reader) : undefined;
  const frameRate = frameRateOf(vui);
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    id,
    ...colour,
    log2MaxFrameNum,
    ...order,
    maxNumRefFrames,
    gapsInFrameNumAllowed,
    widthInMbs,
    heightInMbs,
    frameMbsOnly,
    width,
    height,
    ...(vui && { vui }),
    ...(frameRate !== undefined && { frameRate }),
  };
}

type Colour = Pick<H264Sps, 'chromaFormatIdc' | 'separateColourPlanes' | 'bitDepthLuma' | 'bitDepthChroma'>;

const EIGHT_BIT_420: Colour = {
  chromaFormatIdc: 1,
  separateColourPlanes: false,
  bitDepthLuma: 8,
  bitDepthChroma: 8,
};

function readColour(reader: BitReader): Colour {
  const chromaFormatIdc = atMost(reader.ue(), 3, 'chroma_format_idc');
  const separateColourPlanes = chromaFormatIdc === 3 && reader.flag();
  const bitDepthLuma = atMost(reader.ue(), 6, 'bit_depth_luma_minus8') + 8;
  const bitDepthChroma = atMost(reader.ue(), 6, 'bit_depth_chroma_minus8') + 8;
  reader.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (reader.flag()) skipScalingMatrix(reader, chromaFormatIdc === 3 ? 12 : 8);
  return { chromaFormatIdc, separateColourPlanes, bitDepthLuma, bitDepthChroma };
}

function readPicOrderCnt(
  reader: BitReader,
): Pick<H264Sps, 'picOrderCntType' | 'log2MaxPicOrderCntLsb' | 'picOrderCntCycle'> {
  const type = reader.ue();
  if (type === 0) {
    const log2 = atMost(reader.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4') + 4;
    return { picOrderCntType: 0, log2MaxPicOrderCntLsb: log2 };
  }
  if (type === 2) return { picOrderCntType: 2, log2MaxPicOrderCntLsb: 0 };
  if (type !== 1) throw new CodecFormatError(`SPS: pic_order_cnt_type ${type}`);
  const deltaAlwaysZero = reader.flag();
  const offsetForNonRefPic = reader.se();
  const offsetForTopToBottomField = reader.se();
  const count = atMost(reader.ue(), 255, 'num_ref_frames_in_pic_order_cnt_cycle');
  const offsetsForRefFrame: number[] = [];
  for (let i = 0; i < count; i++) offsetsForRefFrame.push(reader.se());
  return {
    picOrderCntType: 1,
    log2MaxPicOrderCntLsb: 0,
    picOrderCntCycle: { deltaAlwaysZero, offsetForNonRefPic, offsetForTopToBottomField, offsetsForRefFrame },
  };
}

/** §E.2.1: a frame takes two ticks. */
function frameRateOf(vui: H264Vui | undefined): number | undefined {
  if (vui?.timing === undefined) return undefined;
  const rate = vui.timing.timeScale / (2 * vui.timing.numUnitsInTick);
  return rate > 0 && rate <= 1000 ? rate : undefined;
}

function atMost(value: number, limit: number, name: string): number {
  if (value > limit) throw new CodecFormatError(`SPS: ${name} is ${value}, at most ${limit} is allowed`);
  return value;
}
