import type { ByteWriter } from '../bytes/byte-writer.ts';
import { BoxFormatError } from './box-format-error.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** One row of a track run; a field that is absent takes the default of tfhd or trex. */
export interface TrunSample {
  /** Ticks. */
  readonly duration?: number;
  /** Bytes. */
  readonly size?: number;
  readonly flags?: number;
  /** PTS − DTS in ticks; negative only in version 1. */
  readonly compositionTimeOffset?: number;
}

/** Track fragment run, ISO/IEC 14496-12 §8.8.8. Contained in: traf. */
export interface Trun {
  /** From the moof's first byte to the run's first sample. */
  readonly dataOffset?: number;
  /** Flags of the first sample alone; then the others take the default. */
  readonly firstSampleFlags?: number;
  readonly samples: readonly TrunSample[];
}

/** Bits of the tr_flags. */
export const TRUN_FLAGS = {
  dataOffset: 0x1,
  firstSampleFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionTimeOffset: 0x800,
} as const;

/** Five minutes of AAC in one run; columns may be absent, so the bytes alone do not bound the count. */
const MAX_SAMPLES = 20_000;

/** Writes the box; which columns there are follows from the first sample. Version 1: offsets are signed. */
export function writeTrun(writer: ByteWriter, box: Trun): void {
  const first = box.samples[0] ?? {};
  const flags =
    (box.dataOffset === undefined ? 0 : TRUN_FLAGS.dataOffset) |
    (box.firstSampleFlags === undefined ? 0 : TRUN_FLAGS.firstSampleFlags) |
    (first.duration === undefined ? 0 : TRUN_FLAGS.duration) |
    (first.size === undefined ? 0 : TRUN_FLAGS.size) |
    (first.flags === undefined ? 0 : TRUN_FLAGS.flags) |
    (first.compositionTimeOffset === undefined ? 0 : TRUN_FLAGS.compositionTimeOffset);
  writeFullBox(writer, 'trun', 1, flags, () => {
    writer.u32(box.samples.length);
    if (box.dataOffset !== undefined) writer.i32(box.dataOffset);
    if (box.firstSampleFlags !== undefined) writer.u32(box.firstSampleFlags);
    for (const sample of box.samples) {
      if (first.duration !== undefined) writer.u32(sample.duration ?? 0);
      if (first.size !== undefined) writer.u32(sample.size ?? 0);
      if (first.flags !== undefined) writer.u32(sample.flags ?? 0);
      if (first.compositionTimeOffset !== undefined) writer.i32(sample.compositionTimeOffset ?? 0);
    }
  });
}

/** Reads the body of version 0 or 1. Throws BoxFormatError when the count does not fit the bytes. */
export function readTrun(body: Uint8Array): Trun {
  const { reader, version, flags } = openFullBox('trun', body, 1);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const count = reader.u32();
  const dataOffset = has(TRUN_FLAGS.dataOffset) ? reader.i32() : undefined;
  const firstSampleFlags = has(TRUN_FLAGS.firstSampleFlags) ? reader.u32() : undefined;
  const columns = [TRUN_FLAGS.duration, TRUN_FLAGS.size, TRUN_FLAGS.flags, TRUN_FLAGS.compositionTimeOffset];
  const bytesPerSample = 4 * columns.filter(has).length;
  if (count > MAX_SAMPLES || count * bytesPerSample > reader.remaining) {
    throw new BoxFormatError(
      `trun: ${count} samples of ${bytesPerSample} bytes in ${reader.remaining} bytes`,
    );
  }
  const samples: TrunSample[] = [];
  for (let i = 0; i < count; i++) {
    samples.push({
      ...(has(TRUN_FLAGS.duration) && { duration: reader.u32() }),
      ...(has(TRUN_FLAGS.size) && { size: reader.u32() }),
      ...(has(TRUN_FLAGS.flags) && { flags: reader.u32() }),
      ...(has(TRUN_FLAGS.compositionTimeOffset) && {
        compositionTimeOffset: version === 0 ? reader.u32() : reader.i32(),
      }),
    });
  }
  return {
    ...(dataOffset !== undefined && { dataOffset }),
    ...(firstSampleFlags !== undefined && { firstSampleFlags }),
    samples,
  };
}
