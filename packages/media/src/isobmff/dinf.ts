import type { ByteWriter } from '../bytes/byte-writer.ts';
import { writeBox, writeFullBox } from './write-box.ts';

const SELF_CONTAINED = 1;

/** dinf with a dref of one `url ` entry: the media is in this file. ISO/IEC 14496-12 §8.7.1–2. Contained in: minf. */
export function writeDinf(writer: ByteWriter): void {
  writeBox(writer, 'dinf', () => {
    writeFullBox(writer, 'dref', 0, 0, () => {
      writer.u32(1);
      writeFullBox(writer, 'url ', 0, SELF_CONTAINED, () => {});
    });
  });
}
