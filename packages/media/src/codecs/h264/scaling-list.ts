import type { BitReader } from '../../bytes/bit-reader.ts';

/** Skips one scaling_list(), H.264 §7.3.2.1.1.1. */
function skipScalingList(reader: BitReader, size: number): void {
  let lastScale = 8;
  let nextScale = 8;
  for (let i = 0; i < size; i++) {
    if (nextScale !== 0) nextScale = (lastScale + reader.se() + 256) % 256;
    if (nextScale !== 0) lastScale = nextScale;
  }
}

/** Skips a scaling matrix of `count` lists, each behind its presence flag: six of 4×4, then those of 8×8. */
export function skipScalingMatrix(reader: BitReader, count: number): void {
  for (let i = 0; i < count; i++) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64);
}
