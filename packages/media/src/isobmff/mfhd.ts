import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Movie fragment header, ISO/IEC 14496-12 §8.8.5. Contained in: moof. */
export interface Mfhd {
  /** Rises with each fragment; 32 bits. */
  readonly sequenceNumber: number;
}

/** Writes the box; the sequence number wraps at 2³². */
export function writeMfhd(writer: ByteWriter, box: Mfhd): void {
  writeFullBox(writer, 'mfhd', 0, 0, () => writer.u32(box.sequenceNumber));
}

/** Reads the body. */
export function readMfhd(body: Uint8Array): Mfhd {
  return { sequenceNumber: openFullBox('mfhd', body, 0).reader.u32() };
}
