import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes/hex.ts';
import { dumpBoxes } from './dump.ts';
import { type InitTrack, writeInitSection } from './init-section.ts';
import { readInitSection } from './read-init-section.ts';

const AVCC = fromHex(
  '0164001effe100196764001eacb405017fcb8088000003000800000301e478b17501000468ef0fcbfdf8f800',
);

const VIDEO = {
  kind: 'video',
  codec: 'h264',
  timescale: 90_000,
  width: 640,
  height: 360,
  config: AVCC,
} as const satisfies InitTrack;
const AUDIO = {
  kind: 'audio',
  codec: 'aac',
  timescale: 48_000,
  sampleRate: 48_000,
  channels: 2,
  config: fromHex('1190'),
} as const satisfies InitTrack;

describe('writeInitSection (ISO/IEC 23000-19 §7.3.1)', () => {
  test('an H.264 track', () => {
    expect(`\n${dumpBoxes(writeInitSection(VIDEO))}`).toBe(`
[ftyp] size=24 majorBrand="iso6" minorVersion=0 compatibleBrands="iso6","cmfc"
[moov] size=633
  [mvhd] size=108 timescale=90000 duration=0 nextTrackId=2
  [trak] size=477
    [tkhd] size=92 trackId=1 duration=0 volume=0 width=640 height=360
    [mdia] size=377
      [mdhd] size=32 timescale=90000 duration=0 language="und"
      [hdlr] size=43 handlerType="vide" name="Tallylight"
      [minf] size=294
        [vmhd] size=20
        [dinf] size=36
          [dref] size=28
            [url ] size=12
        [stbl] size=230
          [stsd] size=154
            [avc1] size=138 width=640 height=360
              [avcC] size=52 record=${toHex(AVCC)}
          [stts] size=16
          [stsc] size=16
          [stsz] size=20
          [stco] size=16
  [mvex] size=40
    [trex] size=32 trackId=1 defaultSampleDuration=0 defaultSampleSize=0 defaultSampleFlags=0x0
`);
  });

  test('an AAC track', () => {
    expect(`\n${dumpBoxes(writeInitSection(AUDIO))}`).toBe(`
[ftyp] size=24 majorBrand="iso6" minorVersion=0 compatibleBrands="iso6","cmfc"
[moov] size=566
  [mvhd] size=108 timescale=48000 duration=0 nextTrackId=2
  [trak] size=410
    [tkhd] size=92 trackId=1 duration=0 volume=1 width=0 height=0
    [mdia] size=310
      [mdhd] size=32 timescale=48000 duration=0 language="und"
      [hdlr] size=43 handlerType="soun" name="Tallylight"
      [minf] size=227
        [smhd] size=16
        [dinf] size=36
          [dref] size=28
            [url ] size=12
        [stbl] size=167
          [stsd] size=91
            [mp4a] size=75 channels=2 sampleRate=48000
              [esds] size=39 objectTypeIndication=0x40 maxBitrate=0 averageBitrate=0 audioSpecificConfig=1190
          [stts] size=16
          [stsc] size=16
          [stsz] size=20
          [stco] size=16
  [mvex] size=40
    [trex] size=32 trackId=1 defaultSampleDuration=0 defaultSampleSize=0 defaultSampleFlags=0x0
`);
  });

  test('reads back as the track that went in', () => {
    expect(readInitSection(writeInitSection(VIDEO))).toMatchObject([
      { trackId: 1, timescale: 90_000, handlerType: 'vide', sampleEntry: 'avc1', config: AVCC },
    ]);
    expect(readInitSection(writeInitSection(AUDIO))).toMatchObject([
      { trackId: 1, timescale: 48_000, handlerType: 'soun', sampleEntry: 'mp4a', config: fromHex('1190') },
    ]);
  });

  test('HEVC and Opus have their own entries', () => {
    const config = fromHex('4f707573486561640102380180bb0000000000');
    const opus = writeInitSection({ ...AUDIO, codec: 'opus', config });
    expect(dumpBoxes(opus)).toMatch(/\[Opus\] size=55 .*\n +\[dOps\] size=19 channels=2 preSkip=312/);
    const hevc = writeInitSection({ ...VIDEO, codec: 'hevc', config: fromHex('01') });
    expect(dumpBoxes(hevc)).toMatch(/\[hvc1\] .*\n +\[hvcC\] size=9 record=01/);
  });

  test('a wide pixel gets a pasp and a wider track', () => {
    const wide = writeInitSection({ ...VIDEO, pixelAspect: { hSpacing: 4, vSpacing: 3 } });
    expect(dumpBoxes(wide)).toMatch(/\[tkhd\] .* width=853 height=360\n/);
    expect(dumpBoxes(wide)).toMatch(/\[pasp\] size=16 hSpacing=4 vSpacing=3/);
  });
});
