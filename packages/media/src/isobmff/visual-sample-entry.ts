import { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { writeBox } from './write-box.ts';

/** VisualSampleEntry, ISO/IEC 14496-12 §12.1.3: `avc1`, `hvc1`, `av01`. Contained in: stsd. */
export interface VisualSampleEntry {
  /** Pixels after cropping, at most 65535. */
  readonly width: number;
  readonly height: number;
}

/** Bytes of the fields before the first child box. */
export const VISUAL_SAMPLE_ENTRY_SIZE = 78;

/** Writes a sample entry; `children` writes avcC, hvcC, pasp, … */
export function writeVisualSampleEntry(
  writer: ByteWriter,
  type: string,
  box: VisualSampleEntry,
  children: () => void,
): void {
  writeBox(writer, type, () => {
    writer.zeros(6).u16(1).zeros(16).u16(box.width).u16(box.height);
    writer.u32(0x0048_0000).u32(0x0048_0000); // 72 dpi
    writer.zeros(4).u16(1).zeros(32); // one frame per sample, empty compressorname
    writer.u16(0x0018).i16(-1);
    children();
  });
}

/** Reads the fields before the child boxes. */
export function readVisualSampleEntry(body: Uint8Array): VisualSampleEntry {
  const reader = new ByteReader(body.subarray(0, VISUAL_SAMPLE_ENTRY_SIZE));
  reader.skip(24);
  return { width: reader.u16(), height: reader.u16() };
}
