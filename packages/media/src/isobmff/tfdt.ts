import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Track fragment decode time, ISO/IEC 14496-12 §8.8.12. Contained in: traf. */
export interface Tfdt {
  /** DTS of the fragment's first sample in the track's timescale. A safe integer, never negative. */
  readonly baseMediaDecodeTime: number;
}

/** Writes version 1 (64 bits). */
export function writeTfdt(writer: ByteWriter, box: Tfdt): void {
  writeFullBox(writer, 'tfdt', 1, 0, () => writer.u64(box.baseMediaDecodeTime));
}

/** Reads the body of version 0 or 1. */
export function readTfdt(body: Uint8Array): Tfdt {
  const { reader, version } = openFullBox('tfdt', body, 1);
  return { baseMediaDecodeTime: version === 1 ? reader.u64() : reader.u32() };
}
