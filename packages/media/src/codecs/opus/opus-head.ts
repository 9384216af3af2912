import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';

/** The identification header of an Opus stream, RFC 7845 §5.1. */
export interface OpusHead {
  /** 1…255 */
  readonly channels: number;
  /** Samples at 48 kHz to drop at the start. */
  readonly preSkip: number;
  /** Hz of the original input; for display only. */
  readonly inputSampleRate: number;
  /** Gain in dB × 256, applied when decoding. */
  readonly outputGain: number;
  /** 0: mono or stereo; 1: Vorbis order. */
  readonly mappingFamily: number;
  /** Stream count, coupled count and one byte per channel; empty for family 0. */
  readonly mappingTable: Uint8Array;
}

/** Opus always decodes at this rate, and its timescale in MP4 is this. */
export const OPUS_SAMPLE_RATE = 48_000;

/** RFC 6381 codec string of Opus in MP4. */
export const OPUS_CODEC_STRING = 'opus';

const MAGIC = 'OpusHead';

/** Parses an OpusHead. Throws CodecFormatError. */
export function parseOpusHead(bytes: Uint8Array): OpusHead {
  return parsing('OpusHead', () => {
    const reader = new ByteReader(bytes);
    const magic = reader.latin1(8);
    if (magic !== MAGIC) throw new CodecFormatError(`OpusHead: magic '${magic}'`);
    const version = reader.u8();
    // RFC 7845 §5.1: the upper four bits are the incompatible part of the version.
    if (version >> 4 !== 0) throw new CodecFormatError(`OpusHead: version ${version}`);
    const channels = reader.u8();
    if (channels === 0) throw new CodecFormatError('OpusHead: 0 channels');
    const rest = reader.bytes(9);
    const fields = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
    const mappingFamily = fields.getUint8(8);
    if (mappingFamily === 0 && channels > 2) {
      throw new CodecFormatError(`OpusHead: ${channels} channels in mapping family 0`);
    }
    return {
      channels,
      preSkip: fields.getUint16(0, true),
      inputSampleRate: fields.getUint32(2, true),
      outputGain: fields.getInt16(6, true),
      mappingFamily,
      mappingTable: mappingFamily === 0 ? new Uint8Array(0) : reader.bytes(2 + channels),
    };
  });
}

/** Writes an OpusHead, version 1, little-endian. */
export function writeOpusHead(head: OpusHead): Uint8Array {
  const fields = new DataView(new ArrayBuffer(8));
  fields.setUint16(0, head.preSkip, true);
  fields.setUint32(2, head.inputSampleRate, true);
  fields.setInt16(6, head.outputGain, true);
  return new ByteWriter(32)
    .latin1(MAGIC)
    .u8(1)
    .u8(head.channels)
    .bytes(new Uint8Array(fields.buffer))
    .u8(head.mappingFamily)
    .bytes(head.mappingTable)
    .toBytes();
}
