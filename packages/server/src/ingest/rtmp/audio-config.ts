import {
  aacCodecString,
  parseAudioSpecificConfig,
} from '@tallylight/media/codecs/aac/audio-specific-config.ts';
import { CodecFormatError } from '@tallylight/media/codecs/codec-format-error.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import type { AudioTrack } from '../../stream/track.ts';

/** Longest AudioSpecificConfig that an init section takes; real ones have 2 to 7 bytes. */
const MAX_CONFIG_BYTES = 64;
/** Sampling frequencies that AAC has names for (ISO/IEC 14496-3 table 1.18), in Hz. */
const MIN_SAMPLE_RATE = 7350;
const MAX_SAMPLE_RATE = 96_000;

/** Channels that AAC has configurations for (ISO/IEC 14496-3 table 1.19); 0 is a layout within the stream. */
const CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8];

/** The audio track that an AudioSpecificConfig describes. Throws CodecFormatError. */
export function aacTrack(config: Uint8Array, bitrateBps: number | undefined): AudioTrack {
  if (config.byteLength > MAX_CONFIG_BYTES) {
    throw new CodecFormatError(
      `AudioSpecificConfig of ${config.byteLength} bytes, at most ${MAX_CONFIG_BYTES} fit`,
    );
  }
  const parsed = parseAudioSpecificConfig(config);
  if (parsed.sampleRate < MIN_SAMPLE_RATE || parsed.sampleRate > MAX_SAMPLE_RATE) {
    throw new CodecFormatError(
      `AAC at ${parsed.sampleRate} Hz, possible are ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE}`,
    );
  }
  if (!CHANNELS.includes(parsed.channels)) {
    throw new CodecFormatError(
      `AAC with ${parsed.channels} channels, possible are ${CHANNELS.slice(1).join(', ')}`,
    );
  }
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: aacCodecString(parsed),
    timescale: MILLISECONDS,
    sampleRate: parsed.sampleRate,
    // 0 stands for a layout within the stream, which publishers use for nothing but stereo.
    channels: parsed.channels === 0 ? 2 : parsed.channels,
    samplesPerFrame: parsed.samplesPerFrame,
    ...(bitrateBps === undefined ? {} : { bitrateBps }),
    // A copy: the message is a view into a larger read.
    config: new Uint8Array(config),
  };
}
