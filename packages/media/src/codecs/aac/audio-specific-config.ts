import { BitReader } from '../../bytes/bit-reader.ts';
import { BitWriter } from '../../bytes/bit-writer.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';

/** AudioSpecificConfig, ISO/IEC 14496-3 §1.6.2.1, as far as serving AAC needs it. */
export interface AudioSpecificConfig {
  /** Of the core coder: 1 Main, 2 LC, 3 SSR, 4 LTP; never 5 or 29, which are told by `sbr` and `ps`. */
  readonly audioObjectType: number;
  /** Hz of the core coder: the rate in which its frames are counted, and the MP4 timescale. */
  readonly sampleRate: number;
  /** 0 means that a program config element in the stream tells. */
  readonly channelConfiguration: number;
  /** Speakers: 0 when `channelConfiguration` is 0. */
  readonly channels: number;
  /** PCM samples in one frame at `sampleRate`: 1024, or 960. */
  readonly samplesPerFrame: 1024 | 960;
  /** Spectral band replication is signalled explicitly (HE-AAC). Implicit signalling cannot be seen here. */
  readonly sbr: boolean;
  /** Parametric stereo is signalled explicitly (HE-AAC v2). */
  readonly ps: boolean;
  /** Hz after SBR; equal to `sampleRate` without it. */
  readonly outputSampleRate: number;
}

/** samplingFrequencyIndex → Hz, 14496-3 table 1.18. */
const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const RATE_ESCAPE = 15;

/** channelConfiguration → speakers, 14496-3 table 1.19. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];

const SBR = 5;
const PS = 29;
/** Object types whose GASpecificConfig we can read: Main, LC, SSR, LTP. */
const GENERAL_AUDIO = new Set([1, 2, 3, 4]);

/** Parses an AudioSpecificConfig. Throws CodecFormatError for a broken one and for object types that are not AAC. */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  return parsing('AudioSpecificConfig', () => {
    const reader = new BitReader(bytes);
    let audioObjectType = readObjectType(reader);
    const sampleRate = readSampleRate(reader);
    const channelConfiguration = reader.bits(4);
    let outputSampleRate = sampleRate;
    let sbr = false;
    let ps = false;
    if (audioObjectType === SBR || audioObjectType === PS) {
      sbr = true;
      ps = audioObjectType === PS;
      outputSampleRate = readSampleRate(reader);
      audioObjectType = readObjectType(reader);
    }
    if (!GENERAL_AUDIO.has(audioObjectType)) {
      throw new CodecFormatError(
        `AudioSpecificConfig: audio object type ${audioObjectType} is not supported`,
      );
    }
    const samplesPerFrame = reader.flag() ? 960 : 1024;
    if (reader.flag()) reader.skip(14); // dependsOnCoreCoder, coreCoderDelay
    reader.skip(1); // extensionFlag
    if (!sbr && channelConfiguration !== 0) {
      const extension = readTrailingSbr(reader);
      if (extension !== undefined) {
        sbr = true;
        ({ ps, outputSampleRate } = extension);
      }
    }
    const channels = CHANNELS[channelConfiguration] ?? 0;
    return {
      audioObjectType,
      sampleRate,
      channelConfiguration,
      channels,
      samplesPerFrame,
      sbr,
      ps,
      outputSampleRate,
    };
  });
}

/**
 * Writes an AudioSpecificConfig. SBR and PS are signalled in the backward-compatible way, after the core
 * configuration (14496-3 §1.6.6.1), which players without SBR also understand.
 */
export function writeAudioSpecificConfig(
  config: Omit<AudioSpecificConfig, 'channels' | 'outputSampleRate'> & { readonly outputSampleRate?: number },
): Uint8Array {
  const writer = new BitWriter();
  writer.bits(config.audioObjectType, 5);
  writeSampleRate(writer, config.sampleRate);
  writer.bits(config.channelConfiguration, 4);
  writer.flag(config.samplesPerFrame === 960).bits(0, 2);
  if (config.sbr) {
    writer.bits(0x2b7, 11).bits(SBR, 5).bits(1, 1);
    writeSampleRate(writer, config.outputSampleRate ?? config.sampleRate * 2);
    if (config.ps) writer.bits(0x548, 11).bits(1, 1);
  }
  return writer.toBytes();
}

/**
 * RFC 6381 codec string: `mp4a.40.2` for LC, `.5` for HE-AAC, `.29` for HE-AAC v2. Browsers take it as a hint only and
 * trust the AudioSpecificConfig.
 */
export function aacCodecString(config: AudioSpecificConfig): string {
  return `mp4a.40.${config.ps ? PS : config.sbr ? SBR : config.audioObjectType}`;
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

function readSampleRate(reader: BitReader): number {
  const rate = rateIn(reader);
  if (rate === undefined)
    throw new CodecFormatError('AudioSpecificConfig: reserved or absurd sampling frequency');
  return rate;
}

/** Undefined for a reserved index, for an escaped rate outside 1…192 kHz, and when the bits run out. */
function rateIn(reader: BitReader): number | undefined {
  if (reader.remaining < 4) return undefined;
  const index = reader.bits(4);
  if (index !== RATE_ESCAPE) return SAMPLE_RATES[index];
  if (reader.remaining < 24) return undefined;
  const rate = reader.bits(24);
  return rate < 1000 || rate > 192_000 ? undefined : rate;
}

function writeSampleRate(writer: BitWriter, rate: number): void {
  const index = SAMPLE_RATES.indexOf(rate);
  if (index >= 0) writer.bits(index, 4);
  else writer.bits(RATE_ESCAPE, 4).bits(rate, 24);
}

/** The backward-compatible extension: sync 0x2b7 and object type 5, then sync 0x548 for PS. Absent when bits run out. */
function readTrailingSbr(reader: BitReader): { ps: boolean; outputSampleRate: number } | undefined {
  if (reader.remaining < 17 || reader.bits(11) !== 0x2b7) return undefined;
  if (readObjectType(reader) !== SBR || !reader.flag()) return undefined;
  const outputSampleRate = rateIn(reader);
  if (outputSampleRate === undefined) return undefined;
  const ps = reader.remaining >= 12 && reader.bits(11) === 0x548 && reader.flag();
  return { ps, outputSampleRate };
}
