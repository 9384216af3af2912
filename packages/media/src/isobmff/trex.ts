import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Track extends defaults, ISO/IEC 14496-12 §8.8.3. Contained in: mvex. */
export interface Trex {
  readonly trackId: number;
  /** Ticks; 0 when each fragment tells. */
  readonly defaultSampleDuration: number;
  /** Bytes; 0 when each fragment tells. */
  readonly defaultSampleSize: number;
  readonly defaultSampleFlags: number;
}

/** Writes the box; the sample description index is 1. */
export function writeTrex(writer: ByteWriter, box: Trex): void {
  writeFullBox(writer, 'trex', 0, 0, () => {
    writer
      .u32(box.trackId)
      .u32(1)
      .u32(box.defaultSampleDuration)
      .u32(box.defaultSampleSize)
      .u32(box.defaultSampleFlags);
  });
}

/** Reads the body. */
export function readTrex(body: Uint8Array): Trex {
  const { reader } = openFullBox('trex', body, 0);
  const trackId = reader.u32();
  reader.skip(4);
  return {
    trackId,
    defaultSampleDuration: reader.u32(),
    defaultSampleSize: reader.u32(),
    defaultSampleFlags: reader.u32(),
  };
}
