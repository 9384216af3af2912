/** One SCE without spectrum, then END: max_sfb 0 leaves nothing to decode (ISO/IEC 14496-3 §4.4.2.1). */
const MONO = [0x00, 0x00, 0x00, 0x07];
/** One CPE with a common window and without spectrum, then END. */
const STEREO = [0x21, 0x00, 0x00, 0x00, 0x00, 0x1c];

/**
 * A coded AAC-LC frame of silence, for any sample rate: one element with no spectral data. Layouts above stereo get the
 * stereo frame, which decoders play on the front pair.
 */
export function silentAacFrame(channels: number): Uint8Array {
  return Uint8Array.from(channels === 1 ? MONO : STEREO);
}
