import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeUnityMatrix } from './matrix.ts';
import { writeFullBox } from './write-box.ts';

/** Track header, ISO/IEC 14496-12 §8.3.2. Contained in: trak. */
export interface Tkhd {
  readonly trackId: number;
  /** In the movie's timescale; 0 for a live stream. */
  readonly duration: number;
  /** 1 for audio, 0 for video. */
  readonly volume: number;
  /** Pixels, 0 for audio; fractions of 1/65536 are kept. */
  readonly width: number;
  readonly height: number;
}

const ENABLED_IN_MOVIE = 3;

/** Writes version 0, track enabled and in the movie. */
export function writeTkhd(writer: ByteWriter, box: Tkhd): void {
  writeFullBox(writer, 'tkhd', 0, ENABLED_IN_MOVIE, () => {
    writer.zeros(8).u32(box.trackId).zeros(4).u32(box.duration).zeros(8);
    writer
      .zeros(4)
      .u16(box.volume * 0x100)
      .zeros(2);
    writeUnityMatrix(writer);
    writer.u32(box.width * 0x1_0000).u32(box.height * 0x1_0000);
  });
}

/** Reads the body of version 0 or 1. */
export function readTkhd(body: Uint8Array): Tkhd {
  const { reader, version } = openFullBox('tkhd', body, 1);
  reader.skip(version === 1 ? 16 : 8);
  const trackId = reader.u32();
  reader.skip(4);
  const duration = version === 1 ? reader.u64() : reader.u32();
  reader.skip(12);
  const volume = reader.u16() / 0x100;
  reader.skip(2 + 36);
  return { trackId, duration, volume, width: reader.u32() / 0x1_0000, height: reader.u32() / 0x1_0000 };
}
