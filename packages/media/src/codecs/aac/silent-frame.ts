import { BitWriter } from '../../bytes/bit-writer.ts';

const SINGLE = 0; // ID_SCE
const PAIR = 1; // ID_CPE
const LOW_FREQUENCY = 3; // ID_LFE
const END = 7; // ID_END

/** Speakers → syntactic elements in the order of ISO/IEC 14496-3 table 1.19. */
const ELEMENTS: ReadonlyMap<number, readonly number[]> = new Map([
  [1, [SINGLE]],
  [2, [PAIR]],
  [3, [SINGLE, PAIR]],
  [4, [SINGLE, PAIR, SINGLE]],
  [5, [SINGLE, PAIR, PAIR]],
  [6, [SINGLE, PAIR, PAIR, LOW_FREQUENCY]],
  [8, [SINGLE, PAIR, PAIR, PAIR, LOW_FREQUENCY]],
]);

/**
 * A raw AAC-LC frame (ISO/IEC 14496-3 §4.4.2.1) without any spectral coefficient: silence, once the overlap with the
 * frame before has faded. Valid for every sampling frequency and frame length. Throws RangeError for a number of
 * channels without a channel configuration (1–6 and 8 have one).
 */
export function silentAacFrame(channels: number): Uint8Array {
  const elements = ELEMENTS.get(channels);
  if (elements === undefined) throw new RangeError(`no AAC channel configuration has ${channels} channels`);
  const writer = new BitWriter();
  const tags = new Map<number, number>();
  for (const element of elements) {
    const tag = tags.get(element) ?? 0;
    tags.set(element, tag + 1);
    writer.bits(element, 3).bits(tag, 4);
    if (element === PAIR) {
      writer.bits(1, 1); // common_window
      writeIcsInfo(writer);
      writer.bits(0, 2); // ms_mask_present
      writer.bits(0, 8 + 3).bits(0, 8 + 3);
    } else {
      writer.bits(0, 8); // global_gain
      writeIcsInfo(writer);
      writer.bits(0, 3); // no pulse, TNS or gain control
    }
  }
  return writer.bits(END, 3).align(0).toBytes();
}

/** ics_info(): one long window, sine shape, max_sfb 0, no prediction. */
function writeIcsInfo(writer: BitWriter): void {
  writer.bits(0, 1 + 2 + 1 + 6 + 1);
}
