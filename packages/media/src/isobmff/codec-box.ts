import type { ByteWriter } from '../bytes/byte-writer.ts';
import { writeBox } from './write-box.ts';

/** Boxes that hold a decoder configuration record and nothing else. */
export type CodecBoxType = 'avcC' | 'hvcC' | 'av1C';

/** avcC (ISO/IEC 14496-15 §5.4.2.1), hvcC (§8.4.1.1) or av1C around a configuration record. */
export function writeCodecBox(writer: ByteWriter, type: CodecBoxType, record: Uint8Array): void {
  writeBox(writer, type, () => writer.bytes(record));
}
