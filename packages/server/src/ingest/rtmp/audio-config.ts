import {
  aacCodecString,
  parseAudioSpecificConfig,
} from '@tallylight/media/codecs/aac/audio-specific-config.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import type { AudioTrack } from '../../stream/track.ts';

/** The audio track that an AudioSpecificConfig describes. Throws CodecFormatError. */
export function aacTrack(config: Uint8Array, bitrateBps: number | undefined): AudioTrack {
  const parsed = parseAudioSpecificConfig(config);
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
