import { OPUS_CODEC_STRING, writeOpusHead } from '@tallylight/media/codecs/opus/opus-head.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import type { AudioTrack } from '../../stream/track.ts';
import { AAC_BITRATE_BPS, type AudioTarget, OPUS_BITRATE_BPS, OPUS_FRAME_MS } from '../ffmpeg/audio-args.ts';

/** Both encoders' output rate. */
const SAMPLE_RATE = 48_000;
/** Samples by which libopus looks ahead with `-application lowdelay`: 2.5 ms (RFC 6716 §2.1.9 without the 4 ms of SILK's alignment). */
const OPUS_LOOK_AHEAD = 120;

/** AAC-LC, 48 kHz, stereo: known before the first sound, so that a presentation can open at once. */
const ENCODED_AAC: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  timescale: MILLISECONDS,
  sampleRate: SAMPLE_RATE,
  channels: 2,
  samplesPerFrame: 1024,
  bitrateBps: AAC_BITRATE_BPS,
  // ISO/IEC 14496-3 §1.6.2.1: object type 2, frequency index 3, channel configuration 2.
  config: Uint8Array.of(0x11, 0x90),
};

/** Opus, stereo, 20 ms a packet. Its stamps say when a packet's first sample is to be heard, so there is nothing to skip. */
const ENCODED_OPUS: AudioTrack = {
  kind: 'audio',
  codec: 'opus',
  codecString: OPUS_CODEC_STRING,
  timescale: MILLISECONDS,
  sampleRate: SAMPLE_RATE,
  channels: 2,
  samplesPerFrame: (SAMPLE_RATE * OPUS_FRAME_MS) / 1000,
  bitrateBps: OPUS_BITRATE_BPS,
  config: writeOpusHead({
    channels: 2,
    preSkip: 0,
    inputSampleRate: SAMPLE_RATE,
    outputGain: 0,
    mappingFamily: 0,
    mappingTable: new Uint8Array(0),
  }),
};

/** The track that an encoder of this target delivers, before it has delivered anything. */
export function encodedTrack(target: AudioTarget): AudioTrack {
  return target === 'aac' ? ENCODED_AAC : ENCODED_OPUS;
}

/** Samples of the first packet that lie before the first sample of the input: AAC's first block only overlaps with the next one. */
export function encoderDelaySamples(target: AudioTarget): number {
  return target === 'aac' ? ENCODED_AAC.samplesPerFrame : OPUS_LOOK_AHEAD;
}
