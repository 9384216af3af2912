import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Media header, ISO/IEC 14496-12 §8.4.2. Contained in: mdia. */
export interface Mdhd {
  /** Ticks per second of every duration and decode time of the track. */
  readonly timescale: number;
  readonly duration: number;
  /** Three lower-case letters of ISO 639-2/T; `und` when unknown. */
  readonly language: string;
}

/** Writes version 0. */
export function writeMdhd(writer: ByteWriter, box: Mdhd): void {
  if (!/^[a-z]{3}$/.test(box.language))
    throw new RangeError(`language must be three letters, got '${box.language}'`);
  let packed = 0;
  // Each letter is five bits, counted from 0x60.
  for (let i = 0; i < 3; i++) packed = (packed << 5) | (box.language.charCodeAt(i) - 0x60);
  writeFullBox(writer, 'mdhd', 0, 0, () => {
    writer.zeros(8).u32(box.timescale).u32(box.duration).u16(packed).u16(0);
  });
}

/** Reads the body of version 0 or 1. */
export function readMdhd(body: Uint8Array): Mdhd {
  const { reader, version } = openFullBox('mdhd', body, 1);
  reader.skip(version === 1 ? 16 : 8);
  const timescale = reader.u32();
  const duration = version === 1 ? reader.u64() : reader.u32();
  const packed = reader.u16();
  const letter = (shift: number): number => ((packed >> shift) & 31) + 0x60;
  return { timescale, duration, language: String.fromCharCode(letter(10), letter(5), letter(0)) };
}
