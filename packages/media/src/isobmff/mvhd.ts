import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeUnityMatrix } from './matrix.ts';
import { writeFullBox } from './write-box.ts';

/** Movie header, ISO/IEC 14496-12 §8.2.2. Contained in: moov. */
export interface Mvhd {
  /** Ticks per second of `duration`. */
  readonly timescale: number;
  /** 0 for a live stream, whose duration is in its fragments. */
  readonly duration: number;
  readonly nextTrackId: number;
}

/** Writes version 0 with creation times of zero: bytes must not depend on the time of day. */
export function writeMvhd(writer: ByteWriter, box: Mvhd): void {
  writeFullBox(writer, 'mvhd', 0, 0, () => {
    writer.zeros(8).u32(box.timescale).u32(box.duration);
    writer.u32(0x0001_0000).u16(0x0100).zeros(10); // rate 1.0, volume 1.0
    writeUnityMatrix(writer);
    writer.zeros(24).u32(box.nextTrackId);
  });
}

/** Reads the body of version 0 or 1. */
export function readMvhd(body: Uint8Array): Mvhd {
  const { reader, version } = openFullBox('mvhd', body, 1);
  reader.skip(version === 1 ? 16 : 8);
  const timescale = reader.u32();
  const duration = version === 1 ? reader.u64() : reader.u32();
  reader.skip(4 + 2 + 10 + 36 + 24);
  return { timescale, duration, nextTrackId: reader.u32() };
}
