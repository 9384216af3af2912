import { writeOpusHead } from '@tallylight/media/codecs/opus/opus-head.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import type { AudioTrack } from '../../stream/track.ts';
import { encodedTrack } from './encoded-tracks.ts';
import { soundDemuxer } from './sound-demuxer.ts';
import { soundMuxer } from './sound-muxer.ts';

const opus: AudioTrack = {
  ...encodedTrack('opus'),
  config: writeOpusHead({
    channels: 2,
    preSkip: 312,
    inputSampleRate: 48_000,
    outputGain: 0,
    mappingFamily: 0,
    mappingTable: new Uint8Array(0),
  }),
};

describe('soundMuxer', () => {
  test('Opus: a lost packet is one frame of no bytes in the mode of the last one', () => {
    const muxer = soundMuxer(opus);
    // SILK, 20 ms, two frames in one packet.
    muxer.frame(Uint8Array.of(0x09, 1, 2, 3), 0);
    const filler = muxer.filler() ?? new Uint8Array(0);
    expect([...filler]).toEqual([0x08]);
    expect(muxer.durationSec(filler)).toBe(0.02);
    expect(muxer.leadMs).toBe(6.5);
  });

  test('AAC: a lost frame is silence', () => {
    const muxer = soundMuxer({ ...encodedTrack('aac'), timescale: MILLISECONDS, sampleRate: 44_100 });
    const filler = muxer.filler() ?? new Uint8Array(0);
    expect(filler.length).toBeGreaterThan(0);
    expect(muxer.durationSec(filler)).toBeCloseTo(1024 / 44_100);
  });

  test('what is malformed lasts no time', () => {
    expect(soundMuxer(opus).durationSec(new Uint8Array(0))).toBeUndefined();
    expect(soundMuxer(opus).durationSec(Uint8Array.of(0xff, 0))).toBeUndefined();
    expect(soundMuxer(encodedTrack('aac')).durationSec(new Uint8Array(0))).toBeUndefined();
  });

  test('a configuration that is no OpusHead is refused', () => {
    expect(() => soundMuxer({ ...opus, config: Uint8Array.of(1, 2, 3) })).toThrow('OpusHead');
  });
});

describe('soundDemuxer', () => {
  const packet = new Uint8Array(240).fill(7);
  packet[0] = 0xfc;

  test('cuts Opus packets out of pieces of any size', () => {
    const packets: Uint8Array[] = [];
    const demuxer = soundDemuxer('opus', (payload) => packets.push(payload));
    const bytes = new Uint8Array(240 * 5);
    for (let index = 0; index < 5; index++) bytes.set(packet, index * 240);
    for (let at = 0; at < bytes.length; at += 77) demuxer.push(bytes.subarray(at, at + 77));
    expect(packets).toEqual([packet, packet, packet, packet, packet]);
  });

  test('refuses what is no packet of 20 ms', () => {
    const demuxer = soundDemuxer('opus', () => {});
    expect(() => demuxer.push(new Uint8Array(240).fill(0xe0))).toThrow('224 224');
  });
});
