import type { ByteWriter } from '../bytes/byte-writer.ts';

/** Writes the 36 bytes of the identity transformation matrix, ISO/IEC 14496-12 §6.2.2. */
export function writeUnityMatrix(writer: ByteWriter): void {
  writer.u32(0x0001_0000).zeros(12).u32(0x0001_0000).zeros(12).u32(0x4000_0000);
}
