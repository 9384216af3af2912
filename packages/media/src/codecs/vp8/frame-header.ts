import { CodecFormatError } from '../codec-format-error.ts';
import { BoolDecoder } from './bool-decoder.ts';

/** What we use of a VP8 frame's header, RFC 6386 §9 and §19.2. */
export interface Vp8FrameHeader {
  readonly keyframe: boolean;
  /** Chooses filters, 0…3 (§9.1). */
  readonly version: number;
  readonly shown: boolean;
  readonly segmentationEnabled: boolean;
  /** The reference buffers that hold this frame afterwards (§9.7). */
  readonly refreshes: { readonly last: boolean; readonly golden: boolean; readonly alternate: boolean };
}

/** Bytes in front of the first partition: the frame tag, and of keyframes also start code and size (§9.1). */
const TAG_BYTES = 3;
const KEYFRAME_BYTES = 10;

/** Parses the header up to the reference buffers. Throws CodecFormatError. */
export function parseVp8FrameHeader(frame: Uint8Array): Vp8FrameHeader {
  const tag = (frame[0] ?? 0) | ((frame[1] ?? 0) << 8) | ((frame[2] ?? 0) << 16);
  const keyframe = (tag & 1) === 0;
  const start = keyframe ? KEYFRAME_BYTES : TAG_BYTES;
  const size = tag >> 5;
  if (frame.length < start + size || size === 0) {
    throw new CodecFormatError(`VP8: first partition of ${size} bytes in a frame of ${frame.length}`);
  }
  const reader = new BoolDecoder(frame.subarray(start, start + size));
  if (keyframe) reader.literal(2); // color_space, clamping_type
  const segmentationEnabled = reader.flag(128);
  if (segmentationEnabled) skipSegmentation(reader);
  reader.literal(1 + 6 + 3); // filter_type, loop_filter_level, sharpness_level
  if (reader.flag(128) && reader.flag(128)) skipOptional(reader, 8, 6 + 1);
  reader.literal(2); // log2_nbr_of_dct_partitions
  reader.literal(7); // y_ac_qi
  skipOptional(reader, 5, 4 + 1);
  const refreshes = keyframe ? { last: true, golden: true, alternate: true } : readRefreshes(reader);
  if (reader.exhausted) throw new CodecFormatError(`VP8: header longer than its partition of ${size} bytes`);
  return { keyframe, version: (tag >> 1) & 7, shown: (tag & 0x10) !== 0, segmentationEnabled, refreshes };
}

/** update_segmentation() of §19.2, after segmentation_enabled. */
function skipSegmentation(reader: BoolDecoder): void {
  const updatesMap = reader.flag(128);
  if (reader.flag(128)) {
    reader.literal(1); // segment_feature_mode
    skipOptional(reader, 4, 7 + 1);
    skipOptional(reader, 4, 6 + 1);
  }
  if (updatesMap) skipOptional(reader, 3, 8);
}

/** `count` fields of `bits` bits, each behind a flag that says whether it is there. */
function skipOptional(reader: BoolDecoder, count: number, bits: number): void {
  for (let i = 0; i < count; i++) if (reader.flag(128)) reader.literal(bits);
}

function readRefreshes(reader: BoolDecoder): Vp8FrameHeader['refreshes'] {
  const golden = reader.flag(128);
  const alternate = reader.flag(128);
  if (!golden) reader.literal(2); // copy_buffer_to_golden
  if (!alternate) reader.literal(2); // copy_buffer_to_alternate
  reader.literal(3); // sign_bias_golden, sign_bias_alternate, refresh_entropy_probs
  return { last: reader.flag(128), golden, alternate };
}
