import { CodecFormatError } from '../codec-format-error.ts';

/** AV1CodecConfigurationRecord (av1C), "AV1 Codec ISO Media File Format Binding" §2.3.3. */
export interface Av1Config {
  readonly profile: number;
  /** seq_level_idx_0: 0 is level 2.0, 31 is unlimited. */
  readonly levelIdx: number;
  readonly highTier: boolean;
  readonly bitDepth: 8 | 10 | 12;
  readonly monochrome: boolean;
  /** 4:2:0 when both are set. */
  readonly chromaSubsamplingX: boolean;
  readonly chromaSubsamplingY: boolean;
  readonly chromaSamplePosition: number;
  /** OBUs in front of the first: usually one sequence header. */
  readonly configObus: Uint8Array;
}

/** Parses an av1C record. Throws CodecFormatError. */
export function parseAv1Config(record: Uint8Array): Av1Config {
  const [marker = 0, levels = 0, flags = 0] = record;
  if (record.length < 4) throw new CodecFormatError(`av1C: ${record.length} bytes`);
  if (marker !== 0x81) throw new CodecFormatError(`av1C: marker and version 0x${marker.toString(16)}`);
  const bit = (position: number): boolean => ((flags >> position) & 1) === 1;
  return {
    profile: levels >> 5,
    levelIdx: levels & 31,
    highTier: bit(7),
    bitDepth: bit(6) ? (bit(5) ? 12 : 10) : 8,
    monochrome: bit(4),
    chromaSubsamplingX: bit(3),
    chromaSubsamplingY: bit(2),
    chromaSamplePosition: flags & 3,
    configObus: record.subarray(4),
  };
}

/** RFC 6381 codec string in its short form, §5 of the binding: `av01.0.04M.08`. */
export function av1CodecString(config: Av1Config): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `av01.${config.profile}.${two(config.levelIdx)}${config.highTier ? 'H' : 'M'}.${two(config.bitDepth)}`;
}
