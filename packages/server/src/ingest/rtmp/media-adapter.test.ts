import { readAmf0 } from '@tallylight/media/amf/amf0-reader.ts';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import type { RtmpMessage } from '../../rtmp/rtmp-message.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { Track } from '../../stream/track.ts';
import { splitAggregate } from './aggregate.ts';
import { MediaAdapter } from './media-adapter.ts';
import { readMetadata } from './metadata.ts';
import { normalisePicture } from './nal-units.ts';
import { AVC_CONFIG, AVC_CONFIG_2, IDR, P_SLICE } from './testing/sample-media.ts';
import { TimestampUnwrapper } from './timestamp-unwrapper.ts';

const bytes = (...values: readonly (number | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => (typeof value === 'number' ? [value] : [...value])));

function adapt(): {
  adapter: MediaAdapter;
  tracks: Track[];
  units: AccessUnit[];
  lines: object[];
  expected: object[];
} {
  const tracks: Track[] = [];
  const units: AccessUnit[] = [];
  const lines: object[] = [];
  const expected: object[] = [];
  const sink = {
    writeTrack: (track: Track) => void tracks.push(track),
    writeUnit: (unit: AccessUnit) => void units.push(unit),
    expectTracks: (kinds: object) => void expected.push(kinds),
    report: () => {},
    end: () => {},
  };
  const log = {
    ...silentLogger,
    warn: (fields: object, event: string) => void lines.push({ ...fields, event }),
  };
  return { adapter: new MediaAdapter(sink, log), tracks, units, lines, expected };
}

const avc = (packetType: number, payload: Uint8Array, cts = 0, key = true): Uint8Array =>
  bytes(key ? 0x17 : 0x27, packetType, (cts >> 16) & 255, (cts >> 8) & 255, cts & 255, payload);
const ASC = bytes(0x11, 0x90); // AAC-LC, 48 kHz, stereo

describe('MediaAdapter', () => {
  test('H.264 and AAC become tracks and units on the millisecond clock', () => {
    const { adapter, tracks, units } = adapt();
    adapter.metadata({
      expectsVideo: true,
      expectsAudio: true,
      frameRate: 30,
      videoBitrateBps: 4_000_000,
      audioBitrateBps: 128_000,
    });
    adapter.video(0, avc(0, AVC_CONFIG));
    adapter.audio(0, bytes(0xaf, 0, ASC));
    adapter.video(10, avc(1, IDR, 66));
    adapter.video(43, avc(1, P_SLICE, -33, false));
    adapter.audio(21, bytes(0xaf, 1, 1, 2, 3));
    expect(tracks).toMatchObject([
      {
        kind: 'video',
        codec: 'h264',
        codecString: 'avc1.42c01e',
        timescale: 1000,
        width: 640,
        height: 360,
        frameRate: 30,
        bitrateBps: 4_000_000,
      },
      {
        kind: 'audio',
        codec: 'aac',
        codecString: 'mp4a.40.2',
        timescale: 1000,
        sampleRate: 48_000,
        channels: 2,
        samplesPerFrame: 1024,
        bitrateBps: 128_000,
      },
    ]);
    expect(units.map(({ kind, dts, pts, keyframe }) => [kind, dts, pts, keyframe])).toEqual([
      ['video', 10, 76, true],
      ['video', 43, 10, false],
      ['audio', 21, 21, true],
    ]);
  });

  test('the same configuration again is nothing new, another one is a new track', () => {
    const { adapter, tracks } = adapt();
    adapter.video(0, avc(0, AVC_CONFIG));
    adapter.video(500, avc(0, AVC_CONFIG));
    adapter.video(900, avc(0, AVC_CONFIG_2));
    expect(tracks.map((track) => track.kind === 'video' && track.width)).toEqual([640, 1280]);
  });

  test('FrameType 1 without an IDR is no keyframe, an IDR is one whatever FrameType says', () => {
    const { adapter, units } = adapt();
    adapter.video(0, avc(0, AVC_CONFIG));
    adapter.video(0, avc(1, P_SLICE, 0, true));
    adapter.video(33, avc(1, IDR, 0, false));
    expect(units.map((unit) => unit.keyframe)).toEqual([false, true]);
  });

  test('codecs that cannot be served are refused by name', () => {
    const fourCc = (first: number, name: string): Uint8Array => bytes(first, Buffer.from(name), 1, 2, 3);
    const { adapter } = adapt();
    expect(() => adapter.video(0, fourCc(0x90, 'av01'))).toThrow(
      'AV1 video cannot be served: set the encoder to H.264 or HEVC',
    );
    expect(() => adapter.video(0, fourCc(0x91, 'vp09'))).toThrow('VP9 video cannot be served');
    expect(() => adapter.audio(0, fourCc(0x90, 'Opus'))).toThrow(
      'Opus audio cannot be served: set the encoder to AAC',
    );
    expect(() => adapter.audio(0, bytes(0x2f, 1, 2))).toThrow('MP3 audio cannot be served');
    expect(() => adapter.video(0, bytes(0x12, 0))).toThrow('CodecID 2');
  });

  test('broken units are dropped with one line for all', () => {
    const { adapter, units, lines } = adapt();
    adapter.video(0, avc(1, IDR));
    adapter.video(0, avc(0, bytes(9, 9)));
    adapter.video(0, avc(0, AVC_CONFIG));
    adapter.video(0, avc(1, bytes(0, 0, 0, 99, 0x65)));
    adapter.video(0, bytes(0x17));
    adapter.audio(0, bytes(0xaf, 1, 5));
    adapter.audio(0, bytes(0xaf, 0));
    adapter.video(0, bytes(0x12, 1));
    adapter.video(0, new Uint8Array(0));
    expect(units).toEqual([]);
    expect(adapter.counts.droppedUnits).toBe(7);
    expect(lines).toHaveLength(1);
  });

  test('further tracks are named once and not used', () => {
    const { adapter, tracks, units, lines } = adapt();
    const mp4a = Buffer.from('mp4a');
    adapter.audio(0, bytes(0xaf, 0, ASC));
    for (const t of [0, 1]) {
      adapter.audio(t, bytes(0x95, 0x00, mp4a, 1, ASC));
      adapter.audio(t, bytes(0x95, 0x01, mp4a, 1, 7, 7));
    }
    expect([tracks.length, units.length]).toEqual([1, 0]);
    expect(lines).toEqual([
      { track: 'audio', trackId: 1, event: 'publisher sends a further track, which is not used' },
    ]);
  });
});

describe('TimestampUnwrapper', () => {
  test('audio and video go over 2³² together, whoever is first', () => {
    const unwrapper = new TimestampUnwrapper();
    expect(
      [0xffff_fff0, 5, 0xffff_fffb, 26, 0x8000_0000, 0xffff_ffff, 0].map((raw) => unwrapper.unwrap(raw)),
    ).toEqual([
      0xffff_fff0, 0x1_0000_0005, 0xffff_fffb, 0x1_0000_001a, 0x1_8000_0000, 0x1_ffff_ffff, 0x2_0000_0000,
    ]);
  });

  test('jumps back stay jumps back, below zero as well', () => {
    const unwrapper = new TimestampUnwrapper();
    expect([10_000, 5000, 0xffff_fff6, 10].map((raw) => unwrapper.unwrap(raw))).toEqual([
      10_000, 5000, -10, 10,
    ]);
  });
});

describe('normalisePicture (ISO/IEC 14496-15 §4.3.2)', () => {
  const delimiter = bytes(0, 0, 0, 2, 9, 0xf0);

  test('a picture that is in order is given as it is, a leading delimiter is cut by a view', () => {
    expect(normalisePicture(IDR, 4, 'h264').payload).toBe(IDR);
    const cut = normalisePicture(bytes(delimiter, IDR), 4, 'h264');
    expect([...cut.payload]).toEqual([...IDR]);
    expect(cut.payload.byteOffset).toBe(6);
  });

  test('delimiters and empty units within are taken out', () => {
    expect([...normalisePicture(bytes(IDR, 0, 0, 0, 0, delimiter, P_SLICE), 4, 'h264').payload]).toEqual([
      ...IDR,
      ...P_SLICE,
    ]);
    expect([...normalisePicture(bytes(IDR, delimiter), 4, 'h264').payload]).toEqual([...IDR]);
  });

  test('1- and 2-byte lengths become 4-byte ones', () => {
    expect([...normalisePicture(bytes(2, 0x65, 1, 1, 0x06), 1, 'h264').payload]).toEqual([
      0, 0, 0, 2, 0x65, 1, 0, 0, 0, 1, 6,
    ]);
    expect([...normalisePicture(bytes(0, 2, 0x41, 1), 2, 'h264').payload]).toEqual([0, 0, 0, 2, 0x41, 1]);
  });

  test('HEVC keyframes are the IRAP types 16 to 23', () => {
    const picture = (type: number): Uint8Array => bytes(0, 0, 0, 3, type << 1, 1, 7);
    expect(
      [0, 1, 9, 16, 19, 20, 21, 23, 24].filter((type) => normalisePicture(picture(type), 4, 'hevc').keyframe),
    ).toEqual([16, 19, 20, 21, 23]);
    expect(() => normalisePicture(picture(39), 4, 'hevc')).toThrow('no picture');
  });

  test('lengths that pass the end, cut lengths and units without picture are refused', () => {
    expect(() => normalisePicture(bytes(0, 0, 0, 9, 0x65), 4, 'h264')).toThrow('passes the end');
    expect(() => normalisePicture(bytes(IDR, 0, 0), 4, 'h264')).toThrow('cut short');
    expect(() => normalisePicture(bytes(0xff, 0xff, 0xff, 0xff, 0x65), 4, 'h264')).toThrow('4294967295');
    expect(() => normalisePicture(delimiter, 4, 'h264')).toThrow('no picture');
    expect(() => normalisePicture(new Uint8Array(0), 4, 'h264')).toThrow('no picture');
  });
});

describe('readMetadata', () => {
  const read = (...values: readonly AmfInput[]): unknown => readMetadata(readAmf0(writeAmf0(...values)));

  test('reads with and without @setDataFrame', () => {
    const members = new AmfEcmaArray({
      videocodecid: 7,
      audiocodecid: 'mp4a',
      framerate: 29.97,
      videodatarate: 2500,
      audiodatarate: 160,
      encoder: 'x',
    });
    const wanted = {
      expectsVideo: true,
      expectsAudio: true,
      frameRate: 29.97,
      videoBitrateBps: 2_500_000,
      audioBitrateBps: 160_000,
      encoder: 'x',
    };
    expect(read('@setDataFrame', 'onMetaData', members)).toEqual(wanted);
    expect(read('onMetaData', members)).toEqual(wanted);
  });

  test('nonsense is left out', () => {
    expect(
      read('onMetaData', {
        framerate: Number.NaN,
        videodatarate: -1,
        audiodatarate: 'x',
        width: [1],
        encoder: null,
      }),
    ).toEqual({
      expectsVideo: false,
      expectsAudio: false,
    });
    expect(read('onTextData', { text: 'x' })).toBeUndefined();
    expect(read('@setDataFrame', 'onMetaData', 'x')).toBeUndefined();
    expect(read()).toBeUndefined();
  });
});

describe('splitAggregate (RTMP 1.0 §7.1.6)', () => {
  const tag = (type: number, timestamp: number, body: readonly number[]): number[] => [
    type,
    0,
    0,
    body.length,
    0,
    0,
    timestamp,
    0,
    0,
    0,
    0,
    ...body,
    0,
    0,
    0,
    0,
  ];
  const split = (payload: Uint8Array): RtmpMessage[] => {
    const parts: RtmpMessage[] = [];
    splitAggregate({ type: 22, streamId: 1, timestampMs: 1000, payload }, (part) => parts.push(part));
    return parts;
  };

  test('times are moved so that the first part has the message’s own', () => {
    const parts = split(Uint8Array.from([...tag(8, 50, [1]), ...tag(9, 60, [2, 3]), ...tag(22, 70, [])]));
    expect(parts.map(({ type, timestampMs, payload }) => [type, timestampMs, payload.length])).toEqual([
      [8, 1000, 1],
      [9, 1010, 2],
    ]);
  });

  test('a part that passes the end is refused', () => {
    expect(() => split(Uint8Array.from([8, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1]))).toThrow('passes the end');
    expect(() => split(Uint8Array.from([8, 0, 0]))).toThrow('cut short');
  });
});
