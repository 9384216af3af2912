/** nal_unit_type of the NAL units that we look at, H.264 table 7-1. */
export const H264_NAL = {
  slice: 1,
  partitionA: 2,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
} as const;

/** nal_unit_type of a NAL unit; 0 (unspecified) for an empty one. */
export function h264NalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 31;
}

/**
 * True when a sample with four-byte lengths holds an IDR slice. The hot path of ingest: allocates nothing, never throws,
 * stops at the first slice of any kind, and treats a broken length as the end.
 */
export function containsIdr(sample: Uint8Array): boolean {
  let at = 0;
  const end = sample.length;
  while (at + 4 < end) {
    const length =
      (((sample[at] ?? 0) << 24) |
        ((sample[at + 1] ?? 0) << 16) |
        ((sample[at + 2] ?? 0) << 8) |
        (sample[at + 3] ?? 0)) >>>
      0;
    if (length > 0) {
      const type = (sample[at + 4] ?? 0) & 31;
      if (type >= 1 && type <= 5) return type === 5;
    }
    at += 4 + length;
  }
  return false;
}
