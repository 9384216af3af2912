import { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { CodecFormatError, parsing } from '../codecs/codec-format-error.ts';
import { type OpusHead, parseOpusHead } from '../codecs/opus/opus-head.ts';
import { writeBox } from './write-box.ts';

/** Writes the dOps box ("Encapsulation of Opus in ISO Base Media File Format" §4.3.2) from an OpusHead. */
export function writeDOps(writer: ByteWriter, opusHead: Uint8Array): void {
  const head = parseOpusHead(opusHead);
  writeBox(writer, 'dOps', () => {
    // The fields of OpusHead without the magic, version 0, and big-endian.
    writer.u8(0).u8(head.channels).u16(head.preSkip).u32(head.inputSampleRate).i16(head.outputGain);
    writer.u8(head.mappingFamily).bytes(head.mappingTable);
  });
}

/** Reads the body of a dOps box. Throws CodecFormatError. */
export function readDOps(body: Uint8Array): OpusHead {
  return parsing('dOps', () => {
    const reader = new ByteReader(body);
    const version = reader.u8();
    if (version !== 0) throw new CodecFormatError(`dOps: version ${version}`);
    const channels = reader.u8();
    const preSkip = reader.u16();
    const inputSampleRate = reader.u32();
    const outputGain = reader.i16();
    const mappingFamily = reader.u8();
    const mappingTable = mappingFamily === 0 ? new Uint8Array(0) : reader.bytes(2 + channels);
    return { channels, preSkip, inputSampleRate, outputGain, mappingFamily, mappingTable };
  });
}
