import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Handler reference, ISO/IEC 14496-12 §8.4.3. Contained in: mdia. */
export interface Hdlr {
  /** `vide`, `soun`, `text`, `meta`. */
  readonly handlerType: string;
  /** For people. ASCII, at most 64 characters are read. */
  readonly name: string;
}

const MAX_NAME = 64;

/** Writes the box; the name ends with a zero byte. */
export function writeHdlr(writer: ByteWriter, box: Hdlr): void {
  writeFullBox(writer, 'hdlr', 0, 0, () => {
    writer.zeros(4).latin1(box.handlerType).zeros(12).latin1(box.name).u8(0);
  });
}

/** Reads the body. */
export function readHdlr(body: Uint8Array): Hdlr {
  const { reader } = openFullBox('hdlr', body, 0);
  reader.skip(4);
  const handlerType = reader.latin1(4);
  reader.skip(12);
  const name = reader.latin1(Math.min(reader.remaining, MAX_NAME));
  return { handlerType, name: name.split('\0', 1)[0] ?? '' };
}
