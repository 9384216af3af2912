import { CodecFormatError } from '../codec-format-error.ts';
import { MAX_NAL_UNITS } from './length-prefixed.ts';

/**
 * The NAL units of a byte stream (H.264 Annex B, H.265 Annex B), as views without start codes and trailing zeros. Bytes
 * before the first start code are dropped. Throws CodecFormatError above `MAX_NAL_UNITS`.
 */
export function splitAnnexB(stream: Uint8Array): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let start = -1;
  let i = 0;
  for (; i + 2 < stream.length; i++) {
    if (stream[i] !== 0 || stream[i + 1] !== 0 || stream[i + 2] !== 1) continue;
    if (start >= 0) push(nals, stream, start, i);
    start = i + 3;
    i += 2;
  }
  if (start >= 0) push(nals, stream, start, stream.length);
  return nals;
}

/** A byte stream with a four-byte start code before each NAL unit. */
export function joinAnnexB(nals: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const nal of nals) size += 4 + nal.length;
  const stream = new Uint8Array(size);
  let at = 0;
  for (const nal of nals) {
    stream[at + 3] = 1;
    stream.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return stream;
}

function push(nals: Uint8Array[], stream: Uint8Array, start: number, end: number): void {
  let last = end;
  while (last > start && stream[last - 1] === 0) last--;
  if (last === start) return;
  if (nals.length === MAX_NAL_UNITS) throw new CodecFormatError(`more than ${MAX_NAL_UNITS} NAL units`);
  nals.push(stream.subarray(start, last));
}
