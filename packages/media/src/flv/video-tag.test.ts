import { describe, expect, test } from 'vitest';
import { FlvFormatError } from './flv-format-error.ts';
import { VIDEO_FOURCCS } from './fourcc.ts';
import { parseVideoTag, type VideoTag, writeVideoTag } from './video-tag.ts';

const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : Array.from(part, (c) => c.charCodeAt(0)))),
  );
const plain = (tag: VideoTag): object =>
  JSON.parse(
    JSON.stringify(tag, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)),
  ) as object;
const single = { trackId: 0, otherTrackIds: [] };

describe('parseVideoTag, FLV 10.1 §E.4.3', () => {
  test('an AVC sequence header is a configuration', () => {
    expect(plain(parseVideoTag(bytes(0x17, 0, 0, 0, 0, 1, 2)))).toEqual({
      kind: 'config',
      codec: 'avc1',
      enhanced: false,
      ...single,
      config: [1, 2],
    });
  });

  test('composition times are signed', () => {
    expect(parseVideoTag(bytes(0x27, 1, 0xff, 0xff, 0xdf, 9))).toMatchObject({
      kind: 'frames',
      keyframe: false,
      compositionTimeMs: -33,
    });
    expect(parseVideoTag(bytes(0x17, 1, 0x00, 0x00, 0x42, 9))).toMatchObject({
      keyframe: true,
      compositionTimeMs: 66,
    });
  });

  test('end of sequence, commands and other codecs are told apart', () => {
    expect(parseVideoTag(bytes(0x17, 2, 0, 0, 0)).kind).toBe('end');
    expect(parseVideoTag(bytes(0x57, 1))).toEqual({ kind: 'command', command: 1 });
    expect(parseVideoTag(bytes(0x12, 0))).toEqual({
      kind: 'unsupported',
      description: 'FLV video CodecID 2',
    });
  });

  test('HEVC under the unofficial CodecID 12 reads as hvc1', () => {
    expect(parseVideoTag(bytes(0x1c, 0, 0, 0, 0, 1))).toMatchObject({
      kind: 'config',
      codec: 'hvc1',
      enhanced: false,
    });
  });
});

describe('parseVideoTag, enhanced RTMP v1 and v2', () => {
  test('every FourCC has a configuration and coded frames', () => {
    for (const codec of VIDEO_FOURCCS) {
      expect(plain(parseVideoTag(bytes(0x90, codec, 7)))).toEqual({
        kind: 'config',
        codec,
        enhanced: true,
        ...single,
        config: [7],
      });
      expect(parseVideoTag(bytes(0x93, codec, 7))).toMatchObject({
        kind: 'frames',
        codec,
        compositionTimeMs: 0,
      });
    }
  });

  test('CodedFrames carries a composition time for avc1 and hvc1 only, CodedFramesX never', () => {
    expect(plain(parseVideoTag(bytes(0xa1, 'hvc1', 0xff, 0xff, 0xff, 5)))).toMatchObject({
      compositionTimeMs: -1,
      keyframe: false,
      payload: [5],
    });
    expect(plain(parseVideoTag(bytes(0x91, 'av01', 1, 2, 3, 5)))).toMatchObject({
      compositionTimeMs: 0,
      payload: [1, 2, 3, 5],
    });
    expect(plain(parseVideoTag(bytes(0x93, 'hvc1', 1, 2, 3, 5)))).toMatchObject({
      compositionTimeMs: 0,
      payload: [1, 2, 3, 5],
    });
  });

  test('metadata, sequence end, MPEG-2 TS and commands are told apart', () => {
    expect(parseVideoTag(bytes(0x94, 'hvc1', 2)).kind).toBe('metadata');
    expect(parseVideoTag(bytes(0x92, 'hvc1')).kind).toBe('end');
    expect(parseVideoTag(bytes(0x95, 'av01')).kind).toBe('unsupported');
    expect(parseVideoTag(bytes(0xd1, 0))).toEqual({ kind: 'command', command: 0 });
  });

  test('a ModEx prefix gives the nanosecond offset, in both sizes', () => {
    const offset = [0x01, 0xe2, 0x40]; // 123456
    expect(parseVideoTag(bytes(0x97, 2, ...offset, 0x03, 'hvc1', 9))).toMatchObject({
      kind: 'frames',
      nanosecondOffset: 123_456,
    });
    const long = [255, 0x00, 0xff, ...offset, ...Array<number>(253).fill(0)];
    expect(parseVideoTag(bytes(0x97, ...long, 0x03, 'hvc1', 9))).toMatchObject({
      kind: 'frames',
      nanosecondOffset: 123_456,
    });
    expect(() => parseVideoTag(bytes(0x97, 2, 0xff, 0xff, 0xff, 0x03, 'hvc1'))).toThrow(
      'nanosecond offset 16777215',
    );
  });

  test('of a multitrack tag the first track is used and the others are named', () => {
    const tag = bytes(0x96, 0x13, 'hvc1', 4, 0, 0, 2, 8, 9, 1, 0, 0, 1, 7);
    expect(plain(parseVideoTag(tag))).toMatchObject({
      kind: 'frames',
      trackId: 4,
      otherTrackIds: [1],
      payload: [8, 9],
    });
    const many = bytes(0x96, 0x20, 'av01', 0, 0, 0, 1, 8, 'avc1', 2, 0, 0, 0);
    expect(plain(parseVideoTag(many))).toMatchObject({
      kind: 'config',
      codec: 'av01',
      otherTrackIds: [2],
      config: [8],
    });
    expect(plain(parseVideoTag(bytes(0x96, 0x00, 'avc1', 3, 8)))).toMatchObject({
      kind: 'config',
      trackId: 3,
      config: [8],
    });
  });

  test('broken tags are refused', () => {
    for (const broken of [
      bytes(),
      bytes(0x17),
      bytes(0x17, 9, 0, 0, 0),
      bytes(0x90, 'abcd'),
      bytes(0x90, 'av'),
      bytes(0x9f, 'avc1'),
      bytes(0x97, 255, 255),
      bytes(0x97, 0, 0, 0x07, 0, 0, 0x07, 0, 0, 0x07, 0, 0, 0x07, 0, 0, 0x07),
      bytes(0x96, 0x36, 'avc1'),
      bytes(0x96, 0x16, 'avc1', 0),
      bytes(0x96, 0x13, 'hvc1', 4, 0, 0, 9, 8),
    ]) {
      expect(() => parseVideoTag(broken)).toThrow(FlvFormatError);
    }
  });
});

describe('writeVideoTag', () => {
  test('what was written parses back', () => {
    const payload = Uint8Array.of(1, 2, 3);
    const frames = { kind: 'frames', keyframe: true, nanosecondOffset: 0, payload, ...single } as const;
    const tags: VideoTag[] = [
      { kind: 'config', codec: 'avc1', enhanced: false, config: payload, ...single },
      { kind: 'config', codec: 'hvc1', enhanced: true, config: payload, ...single },
      { ...frames, codec: 'avc1', enhanced: false, compositionTimeMs: -40 },
      { ...frames, codec: 'hvc1', enhanced: true, compositionTimeMs: 80, keyframe: false },
      { ...frames, codec: 'hvc1', enhanced: true, compositionTimeMs: 0 },
      { ...frames, codec: 'av01', enhanced: true, compositionTimeMs: 0 },
      { kind: 'end', codec: 'avc1', enhanced: false, ...single },
    ];
    for (const tag of tags) {
      if (tag.kind !== 'config' && tag.kind !== 'frames' && tag.kind !== 'end') throw new Error(tag.kind);
      const written = Uint8Array.from(writeVideoTag(tag).flatMap((piece) => [...piece]));
      expect(plain(parseVideoTag(written))).toEqual(plain(tag));
    }
  });

  test('what cannot be written is refused', () => {
    const frames = {
      kind: 'frames',
      keyframe: true,
      nanosecondOffset: 0,
      payload: Uint8Array.of(1),
      ...single,
    } as const;
    expect(() =>
      writeVideoTag({ ...frames, codec: 'avc1', enhanced: false, compositionTimeMs: 0x80_0000 }),
    ).toThrow(RangeError);
    expect(() => writeVideoTag({ ...frames, codec: 'av01', enhanced: false, compositionTimeMs: 0 })).toThrow(
      'no CodecID',
    );
    expect(() => writeVideoTag({ ...frames, codec: 'av01', enhanced: true, compositionTimeMs: 5 })).toThrow(
      'composition time',
    );
  });
});
