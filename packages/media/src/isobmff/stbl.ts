import type { ByteWriter } from '../bytes/byte-writer.ts';
import { writeBox, writeFullBox } from './write-box.ts';

/**
 * Sample table of a fragmented track: stsd with one sample entry, and the tables that are obligatory though empty.
 * ISO/IEC 14496-12 §8.5–8.7. Contained in: minf.
 */
export function writeStbl(writer: ByteWriter, sampleEntry: () => void): void {
  writeBox(writer, 'stbl', () => {
    writeFullBox(writer, 'stsd', 0, 0, () => {
      writer.u32(1);
      sampleEntry();
    });
    writeFullBox(writer, 'stts', 0, 0, () => writer.u32(0));
    writeFullBox(writer, 'stsc', 0, 0, () => writer.u32(0));
    writeFullBox(writer, 'stsz', 0, 0, () => writer.u32(0).u32(0));
    writeFullBox(writer, 'stco', 0, 0, () => writer.u32(0));
  });
}
