import { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { writeBox } from './write-box.ts';

/** AudioSampleEntry, ISO/IEC 14496-12 §12.2.3: `mp4a`, `Opus`. Contained in: stsd. */
export interface AudioSampleEntry {
  readonly channels: number;
  /** Hz. Above 65535 the field cannot hold it: 0 is written, and the decoder configuration tells. */
  readonly sampleRate: number;
}

/** Bytes of the fields before the first child box. */
export const AUDIO_SAMPLE_ENTRY_SIZE = 28;

/** Writes a sample entry; `children` writes esds or dOps. */
export function writeAudioSampleEntry(
  writer: ByteWriter,
  type: string,
  box: AudioSampleEntry,
  children: () => void,
): void {
  writeBox(writer, type, () => {
    writer.zeros(6).u16(1).zeros(8).u16(box.channels).u16(16).zeros(4);
    writer.u32(box.sampleRate > 0xffff ? 0 : box.sampleRate * 0x1_0000);
    children();
  });
}

/** Reads the fields before the child boxes. */
export function readAudioSampleEntry(body: Uint8Array): AudioSampleEntry {
  const reader = new ByteReader(body.subarray(0, AUDIO_SAMPLE_ENTRY_SIZE));
  reader.skip(16);
  const channels = reader.u16();
  reader.skip(6);
  return { channels, sampleRate: reader.u32() / 0x1_0000 };
}
