import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAME_TYPE, frameHeader, MAX_FRAME_BYTES, ProtocolError } from './frame.ts';
import { readFrames } from './frame-dispatch.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { readUnit, UNIT_HEADER_BYTES, unitHeader, type WireUnit } from './unit-frame.ts';

interface Message {
  readonly type: string;
  readonly text?: string;
}

const unit: WireUnit = {
  channel: 7,
  track: 3,
  kind: 'video',
  keyframe: true,
  ptsMs: 1_234_567_890_123,
  dtsMs: -40,
  payload: Uint8Array.of(1, 2, 3),
};

/** What comes out of a reader that is given `bytes` in pieces of `size`. */
function framesOf(bytes: Uint8Array, size: number): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(({ type, body }) => frames.push({ type, body: body.slice() }));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return frames;
}

/** A writer into a pipe that somebody reads or nobody. */
function pipe(limits: { maxMediaBytes?: number; maxBytes?: number } = {}) {
  const stream = new PassThrough({ highWaterMark: 1 });
  let overflows = 0;
  const writer = new FrameWriter<Message>(stream, () => overflows++, limits);
  return { stream, writer, overflows: () => overflows };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

describe('frames', () => {
  test('come out whole whatever the pieces are', async () => {
    const { stream, writer } = pipe();
    writer.control({ type: 'a', text: 'ä'.repeat(300) });
    writer.unit(unit);
    writer.control({ type: 'b' });
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    await turn();
    const bytes = new Uint8Array(Buffer.concat(pieces));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length }), (size) => {
        const frames = framesOf(bytes, size);
        expect(frames.map(({ type }) => type)).toEqual([1, 2, 1]);
        expect(readUnit(frames[1]?.body ?? new Uint8Array(0))).toEqual(unit);
        expect(JSON.parse(Buffer.from(frames[0]?.body ?? []).toString())).toEqual({
          type: 'a',
          text: 'ä'.repeat(300),
        });
      }),
    );
  });

  test('longer than 8 MiB are neither written nor read', () => {
    expect(() => frameHeader(FRAME_TYPE.control, MAX_FRAME_BYTES)).toThrow(ProtocolError);
    const header = new Uint8Array(5);
    for (const length of [0, MAX_FRAME_BYTES + 1, 0xffff_ffff]) {
      new DataView(header.buffer).setUint32(0, length);
      const reader = new FrameReader(() => {});
      expect(() => reader.push(header), String(length)).toThrow(ProtocolError);
    }
  });

  test('of random bytes are refused or cut, and nothing else is thrown', () => {
    const reading = (bytes: Uint8Array, size: number): void => {
      const reader = readFrames<Message>({ onMessage() {}, onUnit() {} });
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    };
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 4 }),
            fc.uint8Array({ maxLength: 60 }),
            fc.integer({ min: -2, max: 2 }),
          ),
          { maxLength: 4 },
        ),
        fc.integer({ min: 1, max: 50 }),
        (pieces, size) => {
          // A length that fits more often than random bytes would.
          const bytes = pieces.flatMap(([type, body, off]) => [
            0,
            0,
            0,
            Math.max(0, body.length + 1 + off),
            type,
            ...body,
          ]);
          try {
            reading(Uint8Array.from(bytes), size);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        },
      ),
      { numRuns: 20_000, seed: 3 },
    );
  });
});

describe('a unit frame', () => {
  test('has its times in milliseconds beyond 2^32, also before zero', () => {
    expect(readUnit(Uint8Array.from([...unitHeader(unit), ...unit.payload]))).toEqual(unit);
  });

  test('that is cut or has no whole times is refused', () => {
    const bytes = Uint8Array.from(unitHeader(unit));
    expect(() => readUnit(bytes.subarray(0, UNIT_HEADER_BYTES - 1))).toThrow(ProtocolError);
    new DataView(bytes.buffer).setFloat64(6, 0.5);
    expect(() => readUnit(bytes)).toThrow(ProtocolError);
  });
});

describe('a writer whose reader does not read', () => {
  const picture = (keyframe: boolean, track = 0): WireUnit => ({
    ...unit,
    track,
    keyframe,
    payload: new Uint8Array(1000),
  });

  test('drops media of a track up to a keyframe, and never control', async () => {
    const { stream, writer } = pipe({ maxMediaBytes: 5000 });
    const sent: boolean[] = [];
    for (let i = 0; i < 8; i++) sent.push(writer.unit(picture(i === 0)));
    expect(sent).toEqual([true, true, true, true, false, false, false, false]);
    writer.control({ type: 'still' });

    await turn();
    while (stream.read() !== null) await turn();
    expect(writer.queuedBytes).toBe(0);
    expect(writer.unit(picture(false))).toBe(false);
    expect(writer.unit(picture(false, 1))).toBe(true);
    expect(writer.unit(picture(true))).toBe(true);
    expect(writer.unit(picture(false))).toBe(true);
  });

  test('says so when more control waits than a living reader would leave', () => {
    const { writer, overflows } = pipe({ maxBytes: 10_000 });
    for (let i = 0; i < 3; i++) writer.control({ type: 'x', text: 'y'.repeat(3000) });
    expect(overflows()).toBe(0);
    for (let i = 0; i < 3; i++) writer.control({ type: 'x', text: 'y'.repeat(3000) });
    expect(overflows()).toBeGreaterThan(0);
  });

  test('drops a unit that no frame can hold', () => {
    const { writer } = pipe({ maxMediaBytes: 100_000_000 });
    expect(writer.unit({ ...unit, payload: new Uint8Array(MAX_FRAME_BYTES) })).toBe(false);
    expect(writer.unit(unit)).toBe(true);
  });
});
