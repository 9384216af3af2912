import { silentAacFrame } from '@tallylight/media/codecs/aac/silent-frame.ts';
import { timescale } from '@tallylight/media/time/ticks.ts';
import type { AudioTrack } from '../stream/track.ts';

/** AAC-LC, 48 kHz, stereo: what a stream without sound carries, so that sound may come later without a new playlist. */
export const silentTrack: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  timescale: timescale(1000),
  sampleRate: 48_000,
  channels: 2,
  samplesPerFrame: 1024,
  // ISO/IEC 14496-3 §1.6.2.1: object type 2, frequency index 3, channel configuration 2.
  config: new Uint8Array([0x11, 0x90]),
};

/** One coded frame of silence in the track's format. */
export function silenceOf(track: AudioTrack): Uint8Array {
  return silentAacFrame(track.channels);
}
