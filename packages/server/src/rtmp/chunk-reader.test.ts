import { describe, expect, test } from 'vitest';
import { ChunkReader, type ChunkReaderLimits } from './chunk-reader.ts';
import { ChunkWriter, controlMessage } from './chunk-writer.ts';
import type { RtmpMessage } from './rtmp-message.ts';

const LIMITS: ChunkReaderLimits = {
  minChunkBytes: 128,
  maxChunkBytes: 65_536,
  maxMessageBytes: 100_000,
  maxChunkStreams: 16,
};

function read(
  bytes: Uint8Array,
  step = bytes.length,
  limits: Partial<ChunkReaderLimits> = {},
): RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  const reader = new ChunkReader({ ...LIMITS, ...limits }, (message) => messages.push(message));
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
  return messages;
}

const plain = (messages: readonly RtmpMessage[]): object[] =>
  messages.map((message) => ({ ...message, payload: Buffer.from(message.payload).toString('hex') }));
const body = (size: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => i * 31 + seed);
const message = (type: number, timestampMs: number, payload: Uint8Array): RtmpMessage => ({
  type,
  streamId: 1,
  timestampMs,
  payload,
});
const type0 = (id: number, timestamp: number, length: number, type = 9): number[] => [
  id,
  (timestamp >> 16) & 255,
  (timestamp >> 8) & 255,
  timestamp & 255,
  (length >> 16) & 255,
  (length >> 8) & 255,
  length & 255,
  type,
  1,
  0,
  0,
  0,
];

describe('ChunkReader (RTMP 1.0 §5.3)', () => {
  test('reads the same whatever the pieces: whole, byte by byte, and every size up to 300', () => {
    const writer = new ChunkWriter();
    const parts = [writer.write(3, message(20, 0, body(300))), writer.write(4, message(8, 0x1234, body(0)))];
    parts.push(writer.write(2, controlMessage('setChunkSize', 4096)));
    writer.setChunkBytes(4096);
    parts.push(
      writer.write(70, message(9, 0xffff_fff0, body(9000))),
      writer.write(400, message(9, 0xff_ffff, body(5))),
    );
    const bytes = Buffer.concat(parts);
    const whole = plain(read(bytes));
    expect(whole).toHaveLength(4);
    expect(whole[2]).toMatchObject({
      type: 9,
      streamId: 1,
      timestampMs: 0xffff_fff0,
      payload: Buffer.from(body(9000)).toString('hex'),
    });
    for (let step = 1; step <= 300; step++)
      expect(plain(read(bytes, step)), `pieces of ${step}`).toEqual(whole);
  });

  test('types 1, 2 and 3 take over what they leave out', () => {
    const bytes = Uint8Array.from([
      ...type0(4, 10, 2, 8),
      1,
      2,
      ...[0x44, 0, 0, 20, 0, 0, 1, 9, 3], // type 1: delta 20, length 1, type 9
      ...[0x84, 0, 0, 5, 4], // type 2: delta 5
      ...[0xc4, 5], // type 3: again delta 5
    ]);
    expect(read(bytes).map(({ type, timestampMs, payload }) => [type, timestampMs, payload.length])).toEqual([
      [8, 10, 2],
      [9, 30, 1],
      [9, 35, 1],
      [9, 40, 1],
    ]);
  });

  test('type 3 after type 0 repeats its timestamp as delta (§5.3.1.2.4), unless that cannot be a frame', () => {
    const bytes = (first: number): Uint8Array => Uint8Array.from([...type0(4, first, 1), 7, 0xc4, 8]);
    expect(read(bytes(21)).map((each) => each.timestampMs)).toEqual([21, 42]);
    expect(read(bytes(5000)).map((each) => each.timestampMs)).toEqual([5000, 5000]);
  });

  test('deltas wrap at 2³²', () => {
    const bytes = Uint8Array.from([
      ...type0(4, 0xff_ffff, 1),
      ...[0xff, 0xff, 0xff, 0xfe, 7], // extended timestamp of type 0
      ...[0x84, 0, 0, 5, 8],
    ]);
    expect(read(bytes).map((each) => each.timestampMs)).toEqual([0xffff_fffe, 3]);
  });

  test('an extended timestamp may be repeated in type 3 chunks or left out', () => {
    const payload = body(200);
    const head = [...type0(4, 0xff_ffff, 200), 1, 0, 0, 0];
    const repeated = Uint8Array.from([
      ...head,
      ...payload.subarray(0, 128),
      0xc4,
      1,
      0,
      0,
      0,
      ...payload.subarray(128),
    ]);
    const left = Uint8Array.from([...head, ...payload.subarray(0, 128), 0xc4, ...payload.subarray(128)]);
    for (const bytes of [repeated, left]) {
      for (const step of [1, 500]) {
        const [only] = read(bytes, step);
        expect(only?.timestampMs).toBe(0x0100_0000);
        expect(Buffer.from(only?.payload ?? [])).toEqual(Buffer.from(payload));
      }
    }
  });

  test('messages of several chunk streams may interleave', () => {
    const video = body(200);
    const bytes = Uint8Array.from([
      ...type0(6, 1, 200),
      ...video.subarray(0, 128),
      ...type0(4, 2, 3, 8),
      ...[1, 2, 3],
      0xc6,
      ...video.subarray(128),
    ]);
    expect(plain(read(bytes))).toMatchObject([
      { type: 8 },
      { type: 9, payload: Buffer.from(video).toString('hex') },
    ]);
  });

  test('an abort message discards the unfinished message', () => {
    const abort = new ChunkWriter().write(2, controlMessage('abort', 6));
    const bytes = Uint8Array.from([...type0(6, 1, 200), ...body(128), ...abort, ...type0(6, 9, 1), 7]);
    expect(read(bytes)).toMatchObject([{ timestampMs: 9 }]);
  });

  test('a message within one chunk and one piece is a view', () => {
    const bytes = Uint8Array.from([...type0(4, 0, 3), 1, 2, 3]);
    expect(read(bytes)[0]?.payload.buffer).toBe(bytes.buffer);
  });

  test('pause holds what follows the message being reported, resume reports it', () => {
    const bytes = Uint8Array.from([...type0(4, 1, 1), 7, ...type0(4, 2, 1), 8, ...type0(4, 3, 1), 9]);
    const seen: number[] = [];
    const reader = new ChunkReader(LIMITS, ({ timestampMs }) => {
      seen.push(timestampMs);
      if (timestampMs === 1) reader.pause();
    });
    reader.push(bytes.subarray(0, 20));
    reader.push(bytes.subarray(20));
    expect(seen).toEqual([1]);
    reader.resume();
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('ChunkReader limits', () => {
  const setChunkSize = (size: number): Uint8Array =>
    new ChunkWriter().write(2, controlMessage('setChunkSize', size));

  test('chunk sizes 128 and 65536 are taken; 0, 1, 127, 65537 and 2³¹ − 1 are refused', () => {
    for (const size of [128, 65_536]) expect(read(setChunkSize(size))).toEqual([]);
    for (const size of [0, 1, 127, 65_537, 0x7fff_ffff, 0xffff_ffff]) {
      expect(() => read(setChunkSize(size))).toThrow(`chunk size ${size} outside 128…65536`);
    }
  });

  test('a message of the limit is taken, one byte more is refused before it is there', () => {
    expect(
      read(new ChunkWriter().write(4, message(9, 0, body(500))), 50, { maxMessageBytes: 500 }),
    ).toHaveLength(1);
    expect(() => read(Uint8Array.from(type0(4, 0, 501)), 50, { maxMessageBytes: 500 })).toThrow(
      '501 bytes exceeds 500',
    );
  });

  test('unfinished messages together hold no more than one may', () => {
    const half = (id: number): number[] => [...type0(id, 0, 250), ...body(128)];
    const reader = new ChunkReader({ ...LIMITS, maxMessageBytes: 500 }, () => {});
    reader.push(Uint8Array.from([...half(4), ...half(5)]));
    expect(reader.unfinishedBytes).toBe(500);
    expect(() => reader.push(Uint8Array.from(half(6)))).toThrow('exceed 500');
  });

  test('16 chunk streams are taken, the 17th is refused', () => {
    const open = (count: number): Uint8Array =>
      Uint8Array.from(Array.from({ length: count }, (_, i) => type0(3 + i, 0, 0)).flat());
    expect(read(open(16))).toHaveLength(16);
    expect(() => read(open(17))).toThrow('one more than 16');
  });

  test('a chunk stream may begin with type 0 or 1 only, a message with no header inside another', () => {
    expect(read(Uint8Array.from([0x44, 0, 0, 1, 0, 0, 1, 9, 7]))).toHaveLength(1);
    expect(() => read(Uint8Array.from([0x84, 0, 0, 1, 7]))).toThrow('header of type 2');
    expect(() => read(Uint8Array.from([0xc4, 7]))).toThrow('header of type 3');
    expect(() => read(Uint8Array.from([...type0(4, 0, 200), ...body(128), ...type0(4, 0, 200)]))).toThrow(
      'unfinished',
    );
  });

  test('short control messages are refused', () => {
    expect(() => read(Uint8Array.from([...type0(2, 0, 3, 1), 0, 0, 1]))).toThrow('Set Chunk Size of 3 bytes');
    expect(() => read(Uint8Array.from([...type0(2, 0, 1, 2), 0]))).toThrow('Abort Message of 1 bytes');
  });
});

describe('ChunkWriter', () => {
  test('writes chunk streams of one, two and three header bytes', () => {
    const heads = [2, 63, 64, 319, 320, 65_599].map((id) =>
      [...new ChunkWriter().write(id, message(9, 0, body(0)))].slice(0, -11),
    );
    expect(heads).toEqual([[2], [63], [0, 0], [0, 255], [1, 0, 1], [1, 255, 255]]);
    expect(() => new ChunkWriter().write(1, message(9, 0, body(0)))).toThrow(RangeError);
    expect(() => new ChunkWriter().write(3, message(9, 0, new Uint8Array(0x100_0000)))).toThrow(RangeError);
  });
});
