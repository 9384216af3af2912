/** nal_unit_type of the NAL units that we look at, H.265 table 7-1. */
export const HEVC_NAL = {
  firstIrap: 16,
  lastIrap: 21,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  prefixSei: 39,
} as const;

/** First nal_unit_type that is not a slice segment. */
const FIRST_NON_VCL = 32;

/** nal_unit_type of a NAL unit; 63 (unspecified) for an empty one. */
export function hevcNalType(nal: Uint8Array): number {
  return nal.length === 0 ? 63 : ((nal[0] ?? 0) >> 1) & 63;
}

/**
 * True when a sample with four-byte lengths is an IRAP picture (IDR, CRA or BLA). Allocates nothing, never throws, stops at
 * the first slice of any kind, and treats a broken length as the end.
 */
export function containsIrap(sample: Uint8Array): boolean {
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
      const type = ((sample[at + 4] ?? 0) >> 1) & 63;
      if (type < FIRST_NON_VCL) return type >= HEVC_NAL.firstIrap && type <= HEVC_NAL.lastIrap;
    }
    at += 4 + length;
  }
  return false;
}
