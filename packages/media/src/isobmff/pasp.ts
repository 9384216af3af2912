import { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { writeBox } from './write-box.ts';

/** Pixel aspect ratio, ISO/IEC 14496-12 §12.1.4. Contained in: a visual sample entry. */
export interface Pasp {
  /** Relative width of a pixel. */
  readonly hSpacing: number;
  /** Relative height of a pixel. */
  readonly vSpacing: number;
}

/** Writes the box. */
export function writePasp(writer: ByteWriter, box: Pasp): void {
  writeBox(writer, 'pasp', () => writer.u32(box.hSpacing).u32(box.vSpacing));
}

/** Reads the body. */
export function readPasp(body: Uint8Array): Pasp {
  const reader = new ByteReader(body);
  return { hSpacing: reader.u32(), vSpacing: reader.u32() };
}
