import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import type { NalLengthSize } from '../nal/length-prefixed.ts';
import { unlessSquare, type VideoProperties } from '../video-properties.ts';
import { HEVC_NAL, hevcNalType } from './nal-type.ts';
import { type HevcProfile, hevcCodecString } from './profile-tier-level.ts';
import { parseHevcSps } from './sps.ts';

/** HEVCDecoderConfigurationRecord (hvcC), ISO/IEC 14496-15 §8.3.3.1. */
export interface HevcConfig {
  readonly profile: HevcProfile;
  readonly nalLengthSize: NalLengthSize;
  /** NAL units with header, without start code. At least one SPS and one PPS. */
  readonly vpsNals: readonly Uint8Array[];
  readonly spsNals: readonly Uint8Array[];
  readonly ppsNals: readonly Uint8Array[];
}

/** Where lengthSizeMinusOne stands in the record. */
const LENGTH_SIZE_AT = 21;
/** Far more parameter sets and SEI than any record has. */
const MAX_NALS = 128;

/** Parses an hvcC record; other NAL units than parameter sets are left out. Throws CodecFormatError. */
export function parseHevcConfig(record: Uint8Array): HevcConfig {
  return parsing('hvcC', () => {
    const reader = new ByteReader(record);
    const version = reader.u8();
    // Some muxers still write version 0 of a draft with the same layout.
    if (version > 1) throw new CodecFormatError(`hvcC: version ${version}`);
    const profile = readProfile(reader);
    reader.skip(8); // segmentation, parallelism, chroma, bit depths, frame rate
    const nalLengthSize = (reader.u8() & 3) + 1;
    if (nalLengthSize !== 1 && nalLengthSize !== 2 && nalLengthSize !== 4) {
      throw new CodecFormatError(`hvcC: NAL length size ${nalLengthSize}`);
    }
    const nals = readNals(reader);
    const ofType = (type: number): Uint8Array[] => nals.filter((nal) => hevcNalType(nal) === type);
    const [vpsNals, spsNals, ppsNals] = [ofType(HEVC_NAL.vps), ofType(HEVC_NAL.sps), ofType(HEVC_NAL.pps)];
    if (spsNals.length === 0 || ppsNals.length === 0) {
      throw new CodecFormatError(`hvcC: ${spsNals.length} SPS and ${ppsNals.length} PPS`);
    }
    return { profile, nalLengthSize, vpsNals, spsNals, ppsNals };
  });
}

/** Writes an hvcC record with four-byte NAL lengths and complete arrays, as `hvc1` demands. */
export function writeHevcConfig(sets: Pick<HevcConfig, 'vpsNals' | 'spsNals' | 'ppsNals'>): Uint8Array {
  const [first] = sets.spsNals;
  if (first === undefined) throw new CodecFormatError('hvcC: 0 SPS');
  const sps = parseHevcSps(first);
  const { profile } = sps;
  const writer = new ByteWriter(256);
  writer.u8(1).u8((profile.profileSpace << 6) | (profile.highTier ? 0x20 : 0) | profile.profileIdc);
  writer.u32(profile.compatibilityFlags).bytes(profile.constraintFlags).u8(profile.levelIdc);
  writer.u16(0xf000).u8(0xfc); // segmentation and parallelism unknown
  writer.u8(0xfc | sps.chromaFormatIdc).u8(0xf8 | (sps.bitDepthLuma - 8));
  writer.u8(0xf8 | (sps.bitDepthChroma - 8)).u16(0);
  writer.u8((sps.maxSubLayers << 3) | (sps.temporalIdNesting ? 4 : 0) | 3);
  const arrays = [sets.vpsNals, sets.spsNals, sets.ppsNals].filter((nals) => nals.length > 0);
  writer.u8(arrays.length);
  for (const nals of arrays) {
    writer.u8(0x80 | hevcNalType(nals[0] ?? new Uint8Array(0))).u16(nals.length);
    for (const nal of nals) writer.u16(nal.length).bytes(nal);
  }
  return writer.toBytes();
}

/** The same record announcing four-byte NAL lengths, as `normaliseNalLengths` makes them. Throws CodecFormatError. */
export function withFourByteHevcLengths(record: Uint8Array): Uint8Array {
  if (parseHevcConfig(record).nalLengthSize === 4) return record;
  const changed = record.slice();
  changed[LENGTH_SIZE_AT] = (changed[LENGTH_SIZE_AT] ?? 0) | 3;
  return changed;
}

/** Codec string, size, frame rate and pixel shape of an hvcC record, by its first SPS. Throws CodecFormatError. */
export function hevcProperties(record: Uint8Array): VideoProperties {
  const config = parseHevcConfig(record);
  const sps = parseHevcSps(config.spsNals[0] ?? new Uint8Array(0));
  return {
    codecString: hevcCodecString(config.profile),
    width: sps.width,
    height: sps.height,
    ...(sps.vui?.frameRate !== undefined && { frameRate: sps.vui.frameRate }),
    ...unlessSquare(sps.vui?.pixelAspect),
  };
}

function readProfile(reader: ByteReader): HevcProfile {
  const first = reader.u8();
  return {
    profileSpace: first >> 6,
    highTier: (first & 0x20) !== 0,
    profileIdc: first & 31,
    compatibilityFlags: reader.u32(),
    constraintFlags: reader.bytes(6),
    levelIdc: reader.u8(),
  };
}

function readNals(reader: ByteReader): Uint8Array[] {
  const nals: Uint8Array[] = [];
  const arrays = reader.u8();
  for (let i = 0; i < arrays; i++) {
    reader.skip(1);
    const count = reader.u16();
    for (let n = 0; n < count; n++) {
      if (nals.length === MAX_NALS) throw new CodecFormatError(`hvcC: more than ${MAX_NALS} NAL units`);
      nals.push(reader.bytes(reader.u16()));
    }
  }
  return nals;
}
