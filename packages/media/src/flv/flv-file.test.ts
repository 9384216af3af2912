import { describe, expect, test } from 'vitest';
import { FlvFormatError } from './flv-format-error.ts';
import { FlvReader } from './flv-reader.ts';
import type { FlvTag } from './flv-tag.ts';
import { writeFlvHeader, writeFlvTag } from './flv-writer.ts';

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

const body = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i * 7);

const file = join([
  writeFlvHeader({ video: true, audio: true }),
  ...writeFlvTag({ type: 'script', timestampMs: 0, body: [body(30)] }),
  ...writeFlvTag({ type: 'video', timestampMs: 0x0102_0304, body: [body(5), body(400)] }),
  ...writeFlvTag({ type: 'audio', timestampMs: 0xffff_fffe, body: [] }),
  ...writeFlvTag({ type: 'audio', timestampMs: 0x1_0000_0007, body: [body(1)] }),
]);

function read(bytes: Uint8Array, step: number, maxBodyBytes?: number): FlvTag[] {
  const tags: FlvTag[] = [];
  const reader = new FlvReader((tag) => tags.push(tag), maxBodyBytes === undefined ? {} : { maxBodyBytes });
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
  expect(reader.atTagBoundary).toBe(true);
  return tags;
}

describe('FLV file (Adobe FLV 10.1 §E.2–E.4)', () => {
  test('header and tag bytes are as the specification draws them', () => {
    expect([...writeFlvHeader({ video: true, audio: false })]).toEqual([
      0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0,
    ]);
    const [header, payload, size] = writeFlvTag({
      type: 'video',
      timestampMs: 0x0a0b_0c0d,
      body: [Uint8Array.of(9)],
    });
    expect([...(header ?? [])]).toEqual([9, 0, 0, 1, 0x0b, 0x0c, 0x0d, 0x0a, 0, 0, 0]);
    expect([...(payload ?? []), ...(size ?? [])]).toEqual([9, 0, 0, 0, 12]);
  });

  test('what was written reads back, split at every size', () => {
    const whole = read(file, file.length);
    expect(whole.map(({ type, timestampMs, body }) => [type, timestampMs, body.length])).toEqual([
      ['script', 0, 30],
      ['video', 0x0102_0304, 405],
      ['audio', 0xffff_fffe, 0],
      ['audio', 7, 1],
    ]);
    for (const step of [1, 2, 3, 7, 64, 200]) {
      expect(read(file, step).map((tag) => ({ ...tag, body: [...tag.body] }))).toEqual(
        whole.map((tag) => ({ ...tag, body: [...tag.body] })),
      );
    }
  });

  test('a body within one piece is a view, not a copy', () => {
    expect(read(file, file.length)[1]?.body.buffer).toBe(file.buffer);
  });

  test('a body of the limit reads, one more is refused before it comes', () => {
    expect(read(file, 50, 405)).toHaveLength(4);
    expect(() => read(file, 50, 404)).toThrow('405 bytes exceeds 404');
  });

  test('other files, unknown and encrypted tags, and lost places are refused', () => {
    const broken = (at: number, value: number): Uint8Array => {
      const copy = file.slice();
      copy[at] = value;
      return copy;
    };
    expect(() => read(broken(0, 0x47), 99)).toThrow('not an FLV file: begins with 47 4c 56');
    expect(() => read(broken(8, 200), 99)).toThrow('DataOffset 200');
    expect(() => read(broken(13, 7), 99)).toThrow('TagType 7');
    expect(() => read(broken(13, 0x29), 99)).toThrow('encrypted');
    expect(() => read(broken(13 + 11 + 30 + 3, 0), 99)).toThrow('PreviousTagSize 0, expected 41');
    expect(() => read(broken(12, 1), 99)).toThrow(FlvFormatError);
  });

  test('a body beyond 24 bits cannot be written', () => {
    expect(() => writeFlvTag({ type: 'video', timestampMs: 0, body: [new Uint8Array(0x100_0000)] })).toThrow(
      RangeError,
    );
  });
});
