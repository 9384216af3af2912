import { CodecFormatError } from '../codec-format-error.ts';
import { joinNalUnits, splitNalUnits } from '../nal/length-prefixed.ts';
import { parseAvcConfig } from './avc-config.ts';
import { H264_NAL, h264NalType } from './nal-type.ts';
import { type H264Pps, parseH264Pps } from './pps.ts';
import { writeSkipSlice } from './skip-slice.ts';
import { type H264ParameterSets, type H264SliceHeader, parseH264SliceHeader } from './slice-header.ts';
import { type H264Sps, parseH264Sps } from './sps.ts';

/** access_unit_delimiter_rbsp with primary_pic_type 1 (I and P slices), H.264 §7.3.2.4. */
const ACCESS_UNIT_DELIMITER = Uint8Array.of(H264_NAL.accessUnitDelimiter, 0x30);

/** MaxFS of level 5.2 (table A-1): more than 4096 × 2304 pixels are not repeated, the work would be unbounded. */
const MAX_MACROBLOCKS = 36_864;

/**
 * Makes pictures that show the previous one again, in the compressed domain, to keep a track going while its source
 * sends nothing.
 *
 * The repeat is a non-reference picture, so nothing that follows can tell that it was there: its frame_num is the one that
 * the next source picture will have (§7.4.3: PrevRefFrameNum + 1), and the reference lists and POC derivation (§8.2.1, §8.2.5)
 * look at reference pictures only. Its POC lies between the last source picture's and the next one's; as sources count
 * by 2, there is room for one value only, and every repeat in a row uses it. The standard wants them distinct, but rising values would end
 * beyond the next source picture's, which decoders then drop or answer with a larger reorder delay (FFmpeg does both). A
 * delimiter starts each repeat, since their slice headers do not differ (§7.4.1.2.4).
 *
 * For streams whose pictures are sent in output order: the caller must not use it where PTS and DTS differ.
 */
export class RepeatPicture {
  readonly #sets: H264ParameterSets;
  #last: Uint8Array | undefined;
  #made: Uint8Array | undefined;

  private constructor(sets: H264ParameterSets) {
    this.#sets = sets;
  }

  /**
   * For the stream of an avcC record. Undefined when it may hold anything that cannot be repeated this way: fields, slice groups,
   * separate colour planes, reordered pictures, pic_order_cnt_type 1, or parameter sets that we cannot parse.
   */
  static for(avcC: Uint8Array): RepeatPicture | undefined {
    try {
      const config = parseAvcConfig(avcC);
      const sps = new Map(config.spsNals.map(parseH264Sps).map((set) => [set.id, set]));
      const pps = new Map(config.ppsNals.map(parseH264Pps).map((set) => [set.id, set]));
      if ([...sps.values()].some(cannotRepeat)) return undefined;
      if ([...pps.values()].some((set) => set.numSliceGroups > 1)) return undefined;
      return new RepeatPicture({ sps, pps });
    } catch (error) {
      if (error instanceof CodecFormatError) return undefined;
      throw error;
    }
  }

  /** Takes note of a source picture (four-byte NAL lengths), not of repeats. Keeps a reference, parses nothing. */
  observe(accessUnitPayload: Uint8Array): void {
    this.#last = accessUnitPayload;
    this.#made = undefined;
  }

  /**
   * An access unit with four-byte NAL lengths that repeats the last picture observed; the same bytes each time until the next
   * source picture. When that picture is not a reference (temporal layers), the last reference picture is shown.
   * Undefined when there was no picture yet or its slice cannot be followed.
   */
  make(): Uint8Array | undefined {
    if (this.#made === undefined && this.#last !== undefined) this.#made = this.#build(this.#last);
    return this.#made;
  }

  #build(last: Uint8Array): Uint8Array | undefined {
    try {
      const slice = splitNalUnits(last).find(isSlice);
      if (slice === undefined) return undefined;
      const header = parseH264SliceHeader(slice, this.#sets);
      const pps = this.#sets.pps.get(header.ppsId);
      const sps = pps && this.#sets.sps.get(pps.spsId);
      if (pps === undefined || sps === undefined || header.sliceType === 'B') return undefined;
      // It would not be the first of the next picture's reference list (§8.2.4.2.1).
      if (header.remarksItself) return undefined;
      return joinNalUnits([ACCESS_UNIT_DELIMITER, repeat(sps, pps, header)]);
    } catch (error) {
      if (error instanceof CodecFormatError) return undefined;
      throw error;
    }
  }
}

function repeat(sps: H264Sps, pps: H264Pps, last: H264SliceHeader): Uint8Array {
  const isReference = last.nalRefIdc !== 0;
  return writeSkipSlice(sps, pps, {
    frameNum: (last.frameNum + (isReference ? 1 : 0)) % 2 ** sps.log2MaxFrameNum,
    picOrderCntLsb: (last.picOrderCntLsb + 1) % 2 ** sps.log2MaxPicOrderCntLsb,
    deltaPicOrderCnt: last.deltaPicOrderCnt,
  });
}

function isSlice(nal: Uint8Array): boolean {
  const type = h264NalType(nal);
  return type === H264_NAL.slice || type === H264_NAL.idr;
}

function cannotRepeat(sps: H264Sps): boolean {
  if (sps.widthInMbs * sps.heightInMbs > MAX_MACROBLOCKS) return true;
  // Type 1 puts a picture that is not a reference where the SPS says, as a rule before its neighbour (§8.2.1.2).
  if (sps.picOrderCntType === 1) return true;
  return !sps.frameMbsOnly || sps.separateColourPlanes || (sps.vui?.maxNumReorderFrames ?? 0) > 0;
}
