import type { ByteWriter } from '../bytes/byte-writer.ts';
import { writeFullBox } from './write-box.ts';

/** Video media header, ISO/IEC 14496-12 §12.1.2: copy mode, no colour. Its flags are 1. Contained in: minf. */
export function writeVmhd(writer: ByteWriter): void {
  writeFullBox(writer, 'vmhd', 0, 1, () => writer.zeros(8));
}

/** Sound media header, ISO/IEC 14496-12 §12.2.2: centre balance. Contained in: minf. */
export function writeSmhd(writer: ByteWriter): void {
  writeFullBox(writer, 'smhd', 0, 0, () => writer.zeros(4));
}
