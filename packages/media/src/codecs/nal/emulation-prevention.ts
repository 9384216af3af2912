/**
 * The RBSP of a NAL unit: emulation_prevention_three_byte removed (H.264 §7.4.1.1, H.265 §7.4.2.3). The NAL header
 * stays in front. Returns the same array when there was nothing to remove.
 */
export function unescapeNal(nal: Uint8Array): Uint8Array {
  let out: Uint8Array | undefined;
  let length = 0;
  let zeros = 0;
  for (let i = 0; i < nal.length; i++) {
    const byte = nal[i] ?? 0;
    if (zeros >= 2 && byte === 3) {
      if (out === undefined) {
        out = new Uint8Array(nal.length);
        out.set(nal.subarray(0, i));
        length = i;
      }
      zeros = 0;
      continue;
    }
    if (out !== undefined) out[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out === undefined ? nal : out.subarray(0, length);
}

/** The NAL unit of an RBSP with its NAL header in front: 3 is put before each byte that could end a start code. */
export function escapeNal(rbsp: Uint8Array): Uint8Array {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  // H.264 §7.4.1.1: an RBSP that ends in 0x0000 (cabac_zero_words) gets a final 3.
  if (zeros >= 2) out.push(3);
  return Uint8Array.from(out);
}
