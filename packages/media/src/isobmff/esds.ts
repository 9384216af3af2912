import type { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { BoxFormatError } from './box-format-error.ts';
import { openFullBox } from './full-box.ts';
import { writeFullBox } from './write-box.ts';

/** Elementary stream descriptor, ISO/IEC 14496-14 §6.7.2 and 14496-1 §7.2.6. Contained in: mp4a. */
export interface Esds {
  /** 0x40: MPEG-4 audio. */
  readonly objectTypeIndication: number;
  /** Bits per second; 0 when unknown. */
  readonly maxBitrate: number;
  readonly averageBitrate: number;
  /** DecoderSpecificInfo: the AudioSpecificConfig. Empty when the descriptor is missing. */
  readonly audioSpecificConfig: Uint8Array;
}

const ES_DESCRIPTOR = 3;
const DECODER_CONFIG_DESCRIPTOR = 4;
const DECODER_SPECIFIC = 5;
const SL_CONFIG_DESCRIPTOR = 6;
const AUDIO_STREAM = 0x15; // streamType 5, upStream 0, reserved 1

/** Writes the box. Throws RangeError when the AudioSpecificConfig is longer than 64 bytes. */
export function writeEsds(writer: ByteWriter, box: Esds): void {
  const config = box.audioSpecificConfig;
  if (config.length > 64)
    throw new RangeError(`AudioSpecificConfig of ${config.length} bytes, at most 64 fit`);
  writeFullBox(writer, 'esds', 0, 0, () => {
    writer
      .u8(ES_DESCRIPTOR)
      .u8(3 + 2 + 13 + 2 + config.length + 3)
      .u16(1)
      .u8(0);
    writer
      .u8(DECODER_CONFIG_DESCRIPTOR)
      .u8(13 + 2 + config.length)
      .u8(box.objectTypeIndication)
      .u8(AUDIO_STREAM);
    writer.u24(0).u32(box.maxBitrate).u32(box.averageBitrate);
    writer.u8(DECODER_SPECIFIC).u8(config.length).bytes(config);
    writer.u8(SL_CONFIG_DESCRIPTOR).u8(1).u8(2);
  });
}

/** Reads the body: the first decoder configuration in it. */
export function readEsds(body: Uint8Array): Esds {
  const { reader } = openFullBox('esds', body, 0);
  expectTag(reader, ES_DESCRIPTOR);
  reader.skip(2);
  const flags = reader.u8();
  if ((flags & 0x80) !== 0) reader.skip(2);
  if ((flags & 0x40) !== 0) reader.skip(reader.u8());
  if ((flags & 0x20) !== 0) reader.skip(2);
  expectTag(reader, DECODER_CONFIG_DESCRIPTOR);
  const objectTypeIndication = reader.u8();
  reader.skip(4);
  const maxBitrate = reader.u32();
  const averageBitrate = reader.u32();
  if (reader.remaining === 0)
    return { objectTypeIndication, maxBitrate, averageBitrate, audioSpecificConfig: reader.rest() };
  const length = expectTag(reader, DECODER_SPECIFIC);
  return { objectTypeIndication, maxBitrate, averageBitrate, audioSpecificConfig: reader.bytes(length) };
}

/** Reads a descriptor's tag and its length of one to four bytes (14496-1 §8.3.3). */
function expectTag(reader: ByteReader, tag: number): number {
  const found = reader.u8();
  if (found !== tag) throw new BoxFormatError(`esds: expected descriptor ${tag}, got ${found}`);
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = reader.u8();
    length = (length << 7) | (byte & 0x7f);
    if ((byte & 0x80) === 0) return length;
  }
  throw new BoxFormatError(`esds: descriptor ${tag} has a length of more than four bytes`);
}
