import type { ByteWriter } from '../bytes/byte-writer.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Track fragment header, ISO/IEC 14496-12 §8.8.7. Contained in: traf. */
export interface Tfhd {
  readonly trackId: number;
  /** True when data offsets count from the moof, as CMAF demands. */
  readonly defaultBaseIsMoof: boolean;
  readonly baseDataOffset?: number;
  readonly sampleDescriptionIndex?: number;
  /** Ticks. */
  readonly defaultSampleDuration?: number;
  /** Bytes. */
  readonly defaultSampleSize?: number;
  readonly defaultSampleFlags?: number;
}

/** Bits of the tf_flags. */
export const TFHD_FLAGS = {
  baseDataOffset: 0x1,
  sampleDescriptionIndex: 0x2,
  defaultSampleDuration: 0x8,
  defaultSampleSize: 0x10,
  defaultSampleFlags: 0x20,
  defaultBaseIsMoof: 0x2_0000,
} as const;

/** Writes the box with the optional fields that are present. */
export function writeTfhd(writer: ByteWriter, box: Tfhd): void {
  const has = (value: number | undefined, flag: number): number => (value === undefined ? 0 : flag);
  const flags =
    (box.defaultBaseIsMoof ? TFHD_FLAGS.defaultBaseIsMoof : 0) |
    has(box.baseDataOffset, TFHD_FLAGS.baseDataOffset) |
    has(box.sampleDescriptionIndex, TFHD_FLAGS.sampleDescriptionIndex) |
    has(box.defaultSampleDuration, TFHD_FLAGS.defaultSampleDuration) |
    has(box.defaultSampleSize, TFHD_FLAGS.defaultSampleSize) |
    has(box.defaultSampleFlags, TFHD_FLAGS.defaultSampleFlags);
  writeFullBox(writer, 'tfhd', 0, flags, () => {
    writer.u32(box.trackId);
    if (box.baseDataOffset !== undefined) writer.u64(box.baseDataOffset);
    if (box.sampleDescriptionIndex !== undefined) writer.u32(box.sampleDescriptionIndex);
    if (box.defaultSampleDuration !== undefined) writer.u32(box.defaultSampleDuration);
    if (box.defaultSampleSize !== undefined) writer.u32(box.defaultSampleSize);
    if (box.defaultSampleFlags !== undefined) writer.u32(box.defaultSampleFlags);
  });
}

/** Reads the body. */
export function readTfhd(body: Uint8Array): Tfhd {
  const { reader, flags } = openFullBox('tfhd', body, 0);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return {
    trackId: reader.u32(),
    defaultBaseIsMoof: has(TFHD_FLAGS.defaultBaseIsMoof),
    ...(has(TFHD_FLAGS.baseDataOffset) && { baseDataOffset: reader.u64() }),
    ...(has(TFHD_FLAGS.sampleDescriptionIndex) && { sampleDescriptionIndex: reader.u32() }),
    ...(has(TFHD_FLAGS.defaultSampleDuration) && { defaultSampleDuration: reader.u32() }),
    ...(has(TFHD_FLAGS.defaultSampleSize) && { defaultSampleSize: reader.u32() }),
    ...(has(TFHD_FLAGS.defaultSampleFlags) && { defaultSampleFlags: reader.u32() }),
  };
}
