import { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { BoxFormatError } from './box-format-error.ts';
import { writeBox } from './write-box.ts';

/** File type, ISO/IEC 14496-12 §4.3, and segment type, §8.16.2. Contained in: file. */
export interface Ftyp {
  /** Four characters. */
  readonly majorBrand: string;
  readonly minorVersion: number;
  readonly compatibleBrands: readonly string[];
}

const MAX_BRANDS = 64;

/** Writes ftyp, or styp before a media segment. */
export function writeFtyp(writer: ByteWriter, box: Ftyp, type: 'ftyp' | 'styp' = 'ftyp'): void {
  writeBox(writer, type, () => {
    writer.latin1(box.majorBrand).u32(box.minorVersion);
    for (const brand of box.compatibleBrands) writer.latin1(brand);
  });
}

/** Reads the body of ftyp or styp. */
export function readFtyp(body: Uint8Array): Ftyp {
  const reader = new ByteReader(body);
  const majorBrand = reader.latin1(4);
  const minorVersion = reader.u32();
  const count = reader.remaining / 4;
  if (!Number.isInteger(count) || count > MAX_BRANDS) {
    throw new BoxFormatError(`ftyp has ${reader.remaining} bytes of brands`);
  }
  const compatibleBrands: string[] = [];
  for (let i = 0; i < count; i++) compatibleBrands.push(reader.latin1(4));
  return { majorBrand, minorVersion, compatibleBrands };
}
