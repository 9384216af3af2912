import type { ByteWriter } from '../bytes/byte-writer.ts';

/** Writes a box header (ISO/IEC 14496-12 §4.2), then what `body` writes, then patches the 32-bit size. */
export function writeBox(writer: ByteWriter, type: string, body: () => void): void {
  if (type.length !== 4) throw new RangeError(`a box type has four characters, got '${type}'`);
  const start = writer.length;
  writer.u32(0).latin1(type);
  body();
  writer.patchU32(start, writer.length - start);
}

/** As `writeBox`, for a FullBox: `version` (0…255) and `flags` (24 bits) precede the body. */
export function writeFullBox(
  writer: ByteWriter,
  type: string,
  version: number,
  flags: number,
  body: () => void,
): void {
  writeBox(writer, type, () => {
    writer.u8(version).u24(flags);
    body();
  });
}
