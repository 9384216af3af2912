import { CodecFormatError } from '../codec-format-error.ts';

/** More NAL units than any picture has (level 6.2 allows 600 slices); guards the loops below. */
export const MAX_NAL_UNITS = 4096;

/** Bytes of the length before each NAL unit, as avcC and hvcC announce it. */
export type NalLengthSize = 1 | 2 | 4;

/**
 * The NAL units of a sample (ISO/IEC 14496-15 §4.3.2) as views; empty ones are left out. Throws CodecFormatError when a
 * length points past the end or there are more than `MAX_NAL_UNITS`.
 */
export function splitNalUnits(sample: Uint8Array, lengthSize: NalLengthSize = 4): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let at = 0;
  while (at < sample.length) {
    const length = nalLength(sample, at, lengthSize);
    at += lengthSize;
    if (length === 0) continue;
    if (nals.length === MAX_NAL_UNITS)
      throw new CodecFormatError(`more than ${MAX_NAL_UNITS} NAL units in a sample`);
    nals.push(sample.subarray(at, at + length));
    at += length;
  }
  return nals;
}

/** A sample with a four-byte length before each NAL unit. */
export function joinNalUnits(nals: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const nal of nals) size += 4 + nal.length;
  const sample = new Uint8Array(size);
  const view = new DataView(sample.buffer);
  let at = 0;
  for (const nal of nals) {
    view.setUint32(at, nal.length);
    sample.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return sample;
}

/**
 * A publisher's sample with four-byte lengths, checked: the same array when it had them already and no empty NAL unit.
 * Throws CodecFormatError as `splitNalUnits` does, and for a sample without any NAL unit.
 */
export function normaliseNalLengths(sample: Uint8Array, lengthSize: NalLengthSize): Uint8Array {
  let count = 0;
  let empty = false;
  let at = 0;
  while (at < sample.length) {
    const length = nalLength(sample, at, lengthSize);
    if (length === 0) empty = true;
    else count++;
    if (count > MAX_NAL_UNITS) throw new CodecFormatError(`more than ${MAX_NAL_UNITS} NAL units in a sample`);
    at += lengthSize + length;
  }
  if (count === 0) throw new CodecFormatError(`a sample of ${sample.length} bytes without a NAL unit`);
  return lengthSize === 4 && !empty ? sample : joinNalUnits(splitNalUnits(sample, lengthSize));
}

/** The length at `at`, checked against what is left. */
function nalLength(sample: Uint8Array, at: number, lengthSize: NalLengthSize): number {
  if (at + lengthSize > sample.length) {
    throw new CodecFormatError(
      `${sample.length - at} bytes left where a NAL length of ${lengthSize} belongs`,
    );
  }
  let length = sample[at] ?? 0;
  for (let i = 1; i < lengthSize; i++) length = length * 256 + (sample[at + i] ?? 0);
  if (length > sample.length - at - lengthSize) {
    throw new CodecFormatError(`NAL unit of ${length} bytes, ${sample.length - at - lengthSize} left`);
  }
  return length;
}
