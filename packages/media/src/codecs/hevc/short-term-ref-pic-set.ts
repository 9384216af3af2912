import type { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError } from '../codec-format-error.ts';

/** Skips `count` st_ref_pic_set() structures of an SPS, H.265 §7.3.7. Their sizes depend on the ones before. */
export function skipShortTermRefPicSets(reader: BitReader, count: number): void {
  if (count > 64) throw new CodecFormatError(`SPS: ${count} short-term reference picture sets`);
  let previousPictures = 0;
  for (let index = 0; index < count; index++) {
    const predicted = index > 0 && reader.flag();
    previousPictures = predicted ? readPredicted(reader, previousPictures) : readExplicit(reader);
  }
}

/** NumDeltaPocs of a set predicted from the one before (equation 7-61 ff. count the flags that are set). */
function readPredicted(reader: BitReader, referencePictures: number): number {
  reader.skip(1); // delta_rps_sign
  reader.ue(); // abs_delta_rps_minus1
  let pictures = 0;
  for (let i = 0; i <= referencePictures; i++) {
    const used = reader.flag();
    const useDelta = used || reader.flag();
    if (useDelta) pictures++;
  }
  return pictures;
}

function readExplicit(reader: BitReader): number {
  const negative = reader.ue();
  const positive = reader.ue();
  if (negative + positive > 16) {
    throw new CodecFormatError(`SPS: ${negative} + ${positive} pictures in a reference picture set`);
  }
  for (let i = 0; i < negative + positive; i++) {
    reader.ue(); // delta_poc_minus1
    reader.skip(1); // used_by_curr_pic_flag
  }
  return negative + positive;
}
