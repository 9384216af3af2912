import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import type { NalLengthSize } from '../nal/length-prefixed.ts';
import { unlessSquare, type VideoProperties } from '../video-properties.ts';
import { parseH264Sps } from './sps.ts';

/** AVCDecoderConfigurationRecord (avcC), ISO/IEC 14496-15 §5.3.3.1. */
export interface AvcConfig {
  readonly profileIdc: number;
  /** constraint_set flags as one byte. */
  readonly profileCompatibility: number;
  readonly levelIdc: number;
  readonly nalLengthSize: NalLengthSize;
  /** NAL units with header, without start code; at least one. */
  readonly spsNals: readonly Uint8Array[];
  /** At least one. */
  readonly ppsNals: readonly Uint8Array[];
}

/** Profiles whose avcC ends in chroma format and bit depths. */
const EXTENDED_PROFILES = new Set([100, 110, 122, 144, 244]);

/** Parses an avcC record. Throws CodecFormatError; a record without SPS or PPS is refused. */
export function parseAvcConfig(record: Uint8Array): AvcConfig {
  return parsing('avcC', () => {
    const reader = new ByteReader(record);
    const version = reader.u8();
    if (version !== 1) throw new CodecFormatError(`avcC: version ${version}`);
    const profileIdc = reader.u8();
    const profileCompatibility = reader.u8();
    const levelIdc = reader.u8();
    const nalLengthSize = (reader.u8() & 3) + 1;
    if (nalLengthSize !== 1 && nalLengthSize !== 2 && nalLengthSize !== 4) {
      throw new CodecFormatError(`avcC: NAL length size ${nalLengthSize}`);
    }
    const spsNals = readNals(reader, reader.u8() & 31);
    const ppsNals = readNals(reader, reader.u8());
    if (spsNals.length === 0 || ppsNals.length === 0) {
      throw new CodecFormatError(`avcC: ${spsNals.length} SPS and ${ppsNals.length} PPS`);
    }
    return { profileIdc, profileCompatibility, levelIdc, nalLengthSize, spsNals, ppsNals };
  });
}

/** Writes an avcC record with four-byte NAL lengths, its profile and level taken from the first SPS. */
export function writeAvcConfig(spsNals: readonly Uint8Array[], ppsNals: readonly Uint8Array[]): Uint8Array {
  const [first] = spsNals;
  if (first === undefined || spsNals.length > 31) throw new CodecFormatError(`avcC: ${spsNals.length} SPS`);
  if (ppsNals.length === 0 || ppsNals.length > 255) throw new CodecFormatError(`avcC: ${ppsNals.length} PPS`);
  const sps = parseH264Sps(first);
  const writer = new ByteWriter(128);
  writer.u8(1).u8(sps.profileIdc).u8(sps.constraintFlags).u8(sps.levelIdc).u8(0xff);
  writer.u8(0xe0 | spsNals.length);
  for (const nal of spsNals) writer.u16(nal.length).bytes(nal);
  writer.u8(ppsNals.length);
  for (const nal of ppsNals) writer.u16(nal.length).bytes(nal);
  if (EXTENDED_PROFILES.has(sps.profileIdc)) {
    writer
      .u8(0xfc | sps.chromaFormatIdc)
      .u8(0xf8 | (sps.bitDepthLuma - 8))
      .u8(0xf8 | (sps.bitDepthChroma - 8));
    writer.u8(0); // no SPS extensions
  }
  return writer.toBytes();
}

/** The same record announcing four-byte NAL lengths, as `normaliseNalLengths` makes them. Throws CodecFormatError. */
export function withFourByteAvcLengths(record: Uint8Array): Uint8Array {
  if (parseAvcConfig(record).nalLengthSize === 4) return record;
  const changed = record.slice();
  changed[4] = 0xff;
  return changed;
}

/** RFC 6381 codec string: `avc1.` and profile, compatibility and level in hexadecimal. */
export function avcCodecString(
  config: Pick<AvcConfig, 'profileIdc' | 'profileCompatibility' | 'levelIdc'>,
): string {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return `avc1.${hex(config.profileIdc)}${hex(config.profileCompatibility)}${hex(config.levelIdc)}`;
}

/** Codec string, size, frame rate and pixel shape of an avcC record, by its first SPS. Throws CodecFormatError. */
export function avcProperties(record: Uint8Array): VideoProperties {
  const config = parseAvcConfig(record);
  const sps = parseH264Sps(config.spsNals[0] ?? new Uint8Array(0));
  return {
    codecString: avcCodecString(config),
    width: sps.width,
    height: sps.height,
    ...(sps.frameRate !== undefined && { frameRate: sps.frameRate }),
    ...unlessSquare(sps.vui?.pixelAspect),
  };
}

function readNals(reader: ByteReader, count: number): Uint8Array[] {
  const nals: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const nal = reader.bytes(reader.u16());
    if (nal.length > 0) nals.push(nal);
  }
  return nals;
}
