import { concat } from '../../bytes/concat.ts';
import { CodecFormatError } from '../codec-format-error.ts';
import { BoolEncoder } from './bool-encoder.ts';
import { COEFFICIENT_UPDATE_PROBABILITIES } from './coefficient-update-probabilities.ts';
import { parseVp8FrameHeader, type Vp8FrameHeader } from './frame-header.ts';
import { readVp8KeyframeHeader } from './keyframe-header.ts';

/** More than 4096 × 2304 pixels are not repeated: the work would be unbounded. */
const MAX_MACROBLOCKS = 36_864;

/** Update probabilities of the two motion vector contexts, RFC 6386 §17.2. */
const MV_UPDATE_PROBABILITIES = [
  ...[237, 246, 253, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 250, 250, 252, 254, 254],
  ...[231, 243, 245, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 251, 251, 254, 254, 254],
];

/**
 * Probability that a macroblock does not move (mv_zero), by how much its neighbours above, left (2 each) and above left (1) do not
 * either: the first column of vp8_mode_contexts, §16.3. Only these sums occur here.
 */
const ZERO_MV = { corner: 7, edge: 135, inside: 234 } as const;

/** Probabilities that make the flags of every macroblock cheap: almost always true, almost always false. */
const MOSTLY_TRUE = 1;
const MOSTLY_FALSE = 255;

/** Where the repeated picture is. */
type Reference = 'last' | 'golden' | 'alternate';

/**
 * Makes VP8 frames that show the previous picture again, to keep a track going while its source sends nothing: each macroblock is a
 * copy of a reference buffer, without motion and without residue. They change no buffer, no probability and no segment map, so nothing
 * that follows can tell that they were there.
 */
export class Vp8RepeatPicture {
  #macroblocks: { readonly columns: number; readonly rows: number } | undefined;
  /** The last frame's header; undefined when it could not be read. */
  #header: Vp8FrameHeader | undefined;
  /** The buffer that was refreshed last. */
  #reference: Reference = 'last';
  #made: { readonly key: string; readonly frame: Uint8Array } | undefined;

  /** Takes note of a source frame, not of repeats. Reads its header, keeps nothing of it. */
  observe(frame: Uint8Array): void {
    const start = readVp8KeyframeHeader(frame);
    if (start !== undefined) {
      this.#macroblocks = { columns: (start.width + 15) >> 4, rows: (start.height + 15) >> 4 };
    }
    try {
      this.#header = parseVp8FrameHeader(frame);
      this.#reference = refreshedBy(this.#header) ?? this.#reference;
    } catch (error) {
      if (!(error instanceof CodecFormatError)) throw error;
      this.#header = undefined;
    }
  }

  /**
   * A frame that repeats the last one observed; the same array as long as nothing changed that matters. When no reference buffer holds
   * that frame (temporal layers), the newest that one holds is shown. Undefined when there was no keyframe yet, when the last frame's
   * header cannot be read and for pictures above 36,864 macroblocks.
   */
  make(): Uint8Array | undefined {
    const header = this.#header;
    if (header === undefined || this.#macroblocks === undefined) return undefined;
    const { columns, rows } = this.#macroblocks;
    if (columns * rows > MAX_MACROBLOCKS) return undefined;
    const key = `${columns} ${rows} ${header.version} ${header.segmentationEnabled} ${this.#reference}`;
    if (this.#made?.key !== key) {
      this.#made = { key, frame: writeRepeat(columns, rows, header, this.#reference) };
    }
    return this.#made.frame;
  }
}

function refreshedBy({ refreshes }: Vp8FrameHeader): Reference | undefined {
  if (refreshes.last) return 'last';
  return refreshes.golden ? 'golden' : refreshes.alternate ? 'alternate' : undefined;
}

/** An inter frame: frame tag (§9.1), first partition, and a second one in which nothing is read. */
function writeRepeat(
  columns: number,
  rows: number,
  header: Vp8FrameHeader,
  reference: Reference,
): Uint8Array {
  const writer = new BoolEncoder();
  writeHeader(writer, header.segmentationEnabled, reference);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      writer.flag(true, MOSTLY_TRUE); // mb_skip_coeff
      writer.flag(true, MOSTLY_TRUE); // is_inter_mb
      writer.flag(reference !== 'last', reference === 'last' ? MOSTLY_FALSE : MOSTLY_TRUE);
      if (reference !== 'last') {
        writer.flag(reference === 'alternate', reference === 'alternate' ? MOSTLY_TRUE : MOSTLY_FALSE);
      }
      const edges = (row === 0 ? 1 : 0) + (column === 0 ? 1 : 0);
      writer.flag(false, edges === 2 ? ZERO_MV.corner : edges === 1 ? ZERO_MV.edge : ZERO_MV.inside);
    }
  }
  const partition = writer.finish();
  // Inter frame, version, shown, size of the first partition.
  const tag = 1 | (header.version << 1) | 0x10 | (partition.length << 5);
  const head = Uint8Array.of(tag & 0xff, (tag >> 8) & 0xff, (tag >> 16) & 0xff);
  return concat([head, partition, new Uint8Array(4)]);
}

/** The frame header of §19.2 for an inter frame. */
function writeHeader(writer: BoolEncoder, segmentationEnabled: boolean, reference: Reference): void {
  // Kept as it is, without updates: a frame without segments would make some decoders forget the segment map.
  writer.literal(segmentationEnabled ? 1 : 0, 1);
  if (segmentationEnabled) writer.literal(0, 2); // update_mb_segmentation_map, update_segment_feature_data
  // The loop filter is off, also for segments with a level of their own (§9.6): it did its work before.
  writer.literal(0, 1 + 6 + 3);
  writer.literal(0, 1); // loop_filter_adj_enable
  writer.literal(0, 2); // log2_nbr_of_dct_partitions
  writer.literal(0, 7 + 5); // y_ac_qi and no deltas
  writer.literal(0, 2); // refresh_golden_frame, refresh_alternate_frame
  writer.literal(0, 2 + 2); // copy_buffer_to_golden, copy_buffer_to_alternate
  writer.literal(0, 2); // sign biases: there is no motion to turn round
  writer.literal(0, 1); // refresh_entropy_probs
  writer.literal(0, 1); // refresh_last
  for (const probability of COEFFICIENT_UPDATE_PROBABILITIES) writer.flag(false, probability);
  writer.literal(1, 1).literal(MOSTLY_TRUE, 8); // mb_no_skip_coeff, prob_skip_false
  writer.literal(MOSTLY_TRUE, 8); // prob_intra
  writer.literal(reference === 'last' ? MOSTLY_FALSE : MOSTLY_TRUE, 8); // prob_last
  writer.literal(reference === 'alternate' ? MOSTLY_TRUE : MOSTLY_FALSE, 8); // prob_gf
  writer.literal(0, 2); // intra_16x16_prob_update_flag, intra_chroma_prob_update_flag
  for (const probability of MV_UPDATE_PROBABILITIES) writer.flag(false, probability);
}
