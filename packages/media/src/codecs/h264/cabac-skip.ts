import type { BitWriter } from '../../bytes/bit-writer.ts';

/**
 * SliceQPY of the slices below. It only chooses the initial state of the one context in use: with cabac_init_idc 0, ctxIdx 11
 * has m = 23 and n = 33 (table 9-13), so QP 51 gives preCtxState 106: pStateIdx 42 and valMPS 1 (§9.3.1.1).
 */
export const SKIP_SLICE_QP = 51;

const INITIAL_STATE = 42;
/** The context's state never rises above it (table 9-45). */
const LAST_STATE = 62;

/** rangeTabLPS of pStateIdx 42…62, four values each: table 9-44. mb_skip_flag is always the MPS, so no lower state occurs. */
const RANGE_LPS = [
  [16, 20, 23, 27],
  [15, 19, 22, 25],
  [14, 18, 21, 24],
  [14, 17, 20, 23],
  [13, 16, 19, 22],
  [12, 15, 18, 21],
  [12, 14, 17, 20],
  [11, 14, 16, 19],
  [11, 13, 15, 18],
  [10, 12, 15, 17],
  [10, 12, 14, 16],
  [9, 11, 13, 15],
  [9, 11, 12, 14],
  [8, 10, 12, 14],
  [8, 9, 11, 13],
  [7, 9, 11, 12],
  [7, 9, 10, 12],
  [7, 8, 10, 11],
  [6, 8, 9, 11],
  [6, 7, 9, 10],
  [6, 7, 8, 9],
] as const;

/**
 * Slice data of `count` macroblocks with mb_skip_flag 1, by the arithmetic encoder of H.264 §9.3.4.2. Only the most probable
 * symbol of one context and end_of_slice_flag occur. The last bit written is the rbsp_stop_one_bit (§9.3.4.5).
 */
export function encodeSkippedMbs(writer: BitWriter, count: number): void {
  const coder = new Encoder(writer);
  for (let i = 1; i <= count; i++) {
    coder.skip();
    coder.endOfSlice(i === count);
  }
}

class Encoder {
  readonly #writer: BitWriter;
  #low = 0;
  #range = 510;
  #state = INITIAL_STATE;
  #outstanding = 0;
  #firstBit = true;

  constructor(writer: BitWriter) {
    this.#writer = writer;
  }

  /** mb_skip_flag = 1: none of the neighbours is coded, so ctxIdxInc is always 0 (§9.3.3.1.1.1). */
  skip(): void {
    const row = RANGE_LPS[this.#state - INITIAL_STATE];
    this.#range -= row?.[(this.#range >> 6) & 3] ?? 0;
    if (this.#state < LAST_STATE) this.#state++;
    this.#renormalise();
  }

  /** end_of_slice_flag, §9.3.4.5. */
  endOfSlice(last: boolean): void {
    this.#range -= 2;
    if (!last) {
      this.#renormalise();
      return;
    }
    this.#low += this.#range;
    this.#range = 2;
    this.#renormalise();
    this.#put((this.#low >> 9) & 1);
    this.#writer.bits(((this.#low >> 7) & 3) | 1, 2);
  }

  #renormalise(): void {
    while (this.#range < 256) {
      if (this.#low < 256) {
        this.#put(0);
      } else if (this.#low >= 512) {
        this.#low -= 512;
        this.#put(1);
      } else {
        this.#low -= 256;
        this.#outstanding++;
      }
      this.#range <<= 1;
      this.#low <<= 1;
    }
  }

  #put(bit: number): void {
    if (this.#firstBit) this.#firstBit = false;
    else this.#writer.bits(bit, 1);
    for (; this.#outstanding > 0; this.#outstanding--) this.#writer.bits(1 - bit, 1);
  }
}
