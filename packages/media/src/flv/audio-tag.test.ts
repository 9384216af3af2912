import { describe, expect, test } from 'vitest';
import { type AudioTag, parseAudioTag, writeAudioTag } from './audio-tag.ts';
import { FlvFormatError } from './flv-format-error.ts';
import { AUDIO_FOURCCS } from './fourcc.ts';

const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : Array.from(part, (c) => c.charCodeAt(0)))),
  );
const plain = (tag: AudioTag): object =>
  JSON.parse(
    JSON.stringify(tag, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)),
  ) as object;
const single = { trackId: 0, otherTrackIds: [] };

describe('parseAudioTag, FLV 10.1 §E.4.2', () => {
  test('AAC configuration and raw frames are told apart', () => {
    expect(plain(parseAudioTag(bytes(0xaf, 0, 0x12, 0x10)))).toEqual({
      kind: 'config',
      codec: 'mp4a',
      enhanced: false,
      ...single,
      config: [0x12, 0x10],
    });
    expect(plain(parseAudioTag(bytes(0xaf, 1, 9)))).toMatchObject({
      kind: 'frames',
      codec: 'mp4a',
      payload: [9],
    });
  });

  test('MP3 is named, other formats are unsupported', () => {
    expect(parseAudioTag(bytes(0x2f, 1))).toMatchObject({ kind: 'frames', codec: '.mp3' });
    expect(parseAudioTag(bytes(0x52, 1))).toEqual({ kind: 'unsupported', description: 'FLV SoundFormat 5' });
  });
});

describe('parseAudioTag, enhanced RTMP v2', () => {
  test('every FourCC has a configuration, coded frames and an end', () => {
    for (const codec of AUDIO_FOURCCS) {
      expect(plain(parseAudioTag(bytes(0x90, codec, 7)))).toEqual({
        kind: 'config',
        codec,
        enhanced: true,
        ...single,
        config: [7],
      });
      expect(plain(parseAudioTag(bytes(0x91, codec, 7)))).toMatchObject({
        kind: 'frames',
        codec,
        payload: [7],
      });
      expect(parseAudioTag(bytes(0x92, codec)).kind).toBe('end');
    }
  });

  test('ModEx, channel configuration and multitrack read', () => {
    expect(parseAudioTag(bytes(0x97, 2, 0, 0, 5, 0x01, 'Opus', 7))).toMatchObject({
      kind: 'frames',
      nanosecondOffset: 5,
    });
    expect(parseAudioTag(bytes(0x94, 'Opus', 1, 2)).kind).toBe('multichannel');
    expect(plain(parseAudioTag(bytes(0x95, 0x11, 'mp4a', 0, 0, 0, 1, 7, 1, 0, 0, 1, 8)))).toMatchObject({
      kind: 'frames',
      trackId: 0,
      otherTrackIds: [1],
      payload: [7],
    });
    expect(parseAudioTag(bytes(0x95, 0x01, 'mp4a', 1, 7))).toMatchObject({ kind: 'frames', trackId: 1 });
  });

  test('broken tags are refused', () => {
    for (const broken of [
      bytes(),
      bytes(0xaf),
      bytes(0xaf, 2),
      bytes(0x90, 'Op'),
      bytes(0x93, 'Opus'),
      bytes(0x95, 0x15, 'mp4a'),
    ]) {
      expect(() => parseAudioTag(broken)).toThrow(FlvFormatError);
    }
  });
});

describe('writeAudioTag', () => {
  test('what was written parses back', () => {
    const payload = Uint8Array.of(1, 2);
    const tags = [
      { kind: 'config', codec: 'mp4a', enhanced: false, config: payload, ...single },
      { kind: 'frames', codec: 'mp4a', enhanced: false, nanosecondOffset: 0, payload, ...single },
      { kind: 'config', codec: 'Opus', enhanced: true, config: payload, ...single },
      { kind: 'frames', codec: 'fLaC', enhanced: true, nanosecondOffset: 0, payload, ...single },
      { kind: 'end', codec: 'ac-3', enhanced: true, ...single },
    ] as const;
    for (const tag of tags) {
      const written = Uint8Array.from(writeAudioTag(tag).flatMap((piece) => [...piece]));
      expect(plain(parseAudioTag(written))).toEqual(plain(tag));
    }
  });

  test('only AAC has a legacy form', () => {
    expect(() =>
      writeAudioTag({ kind: 'config', codec: 'Opus', enhanced: false, config: bytes(1), ...single }),
    ).toThrow(RangeError);
  });
});
