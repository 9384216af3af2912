import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { noExtensions } from '../header-extensions.ts';
import { RtpError } from '../rtp-error.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import { MAX_FRAME_PACKETS } from './frame.ts';
import { Vp8Depacketizer, type Vp8Frame } from './vp8.ts';
import { readVp8Descriptor } from './vp8-descriptor.ts';

/** A keyframe's header, 640×360, and an inter frame. */
const KEY = '10020f 9d012a 8002 6801 aabb'.replaceAll(' ', '');
const INTER = '3102 ccdd'.replaceAll(' ', '');

describe('the VP8 payload descriptor (RFC 7741 §4.2)', () => {
  test.each([
    ['10 aa', { size: 1, partitionStart: true, partition: 0 }],
    ['23 aa', { size: 1, partitionStart: false, partition: 3 }],
    ['90 80 7f', { size: 3, pictureId: { value: 127, bits: 7 } }],
    ['90 80 8102', { size: 4, pictureId: { value: 0x102, bits: 15 } }],
    ['90 80 ffff', { size: 4, pictureId: { value: 0x7fff, bits: 15 } }],
    ['90 c0 05 09', { size: 4, pictureId: { value: 5, bits: 7 } }],
    ['80 20 a0', { size: 3 }],
    ['80 10 1f', { size: 3 }],
    ['90 f0 8001 02 45', { size: 6, pictureId: { value: 1, bits: 15 } }],
  ])('%s', (hex, expected) => {
    expect(readVp8Descriptor(fromHex(hex))).toMatchObject(expected);
  });

  test.each(['', '80', '9080', '908081', '90c005', '80f08001 02'.replaceAll(' ', '')])(
    'refuses %j',
    (hex) => {
      expect(() => readVp8Descriptor(fromHex(hex))).toThrow(RtpError);
    },
  );
});

class Source {
  readonly depacketizer = new Vp8Depacketizer();
  time = 0;

  /** Sends a frame as packets of the given payloads. `pictureId` puts an extended descriptor in front of each. */
  frame(
    payloads: readonly string[],
    { pictureId = -1, drop = [] as number[], marker = true } = {},
  ): Vp8Frame[] {
    this.time += 3000;
    for (const [index, payload] of payloads.entries()) {
      if (drop.includes(index)) {
        this.depacketizer.loss();
        continue;
      }
      const first = index === 0 ? 0x10 : 0;
      const id = (0x8000 | pictureId).toString(16);
      const descriptor =
        pictureId < 0 ? toHex(Uint8Array.of(first)) : `${toHex(Uint8Array.of(0x80 | first))}80${id}`;
      this.depacketizer.push({
        payloadType: 96,
        marker: marker && index === payloads.length - 1,
        sequence: 0,
        timestamp: this.time,
        ssrc: 1,
        extensions: noExtensions(),
        payload: fromHex(descriptor + payload),
      });
    }
    const frames: Vp8Frame[] = [];
    for (let got = this.depacketizer.take(); got; got = this.depacketizer.take()) frames.push(got);
    return frames;
  }
}

describe('VP8 frames (RFC 7741 §4.4)', () => {
  test('a keyframe tells its size', () => {
    const [frame] = new Source().frame([KEY]);
    expect(frame).toMatchObject({ keyframe: true, width: 640, height: 360, rtpTime: 3000, ssrc: 1 });
    expect(toHex(frame?.payload ?? new Uint8Array(0))).toBe(KEY);
  });

  test('the packets of a frame are joined; its end is the marker or another timestamp', () => {
    const source = new Source();
    expect(source.frame([KEY.slice(0, 8), KEY.slice(8)])[0]?.payload).toEqual(fromHex(KEY));
    expect(source.frame([INTER], { marker: false })).toEqual([]);
    const frames = source.frame([INTER]);
    expect(frames.map(({ rtpTime, keyframe }) => [rtpTime, keyframe])).toEqual([
      [6000, false],
      [9000, false],
    ]);
    expect(frames[0]).not.toHaveProperty('width');
  });

  test('nothing comes out before a keyframe', () => {
    const source = new Source();
    expect(source.frame([INTER])).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
    expect(source.frame([KEY])).toHaveLength(1);
    expect(source.depacketizer.keyframeNeeded).toBe(false);
  });

  test.each([0, 1, 2])(
    'with packet %i of three lost, the frame is given up, and all up to a keyframe',
    (index) => {
      const source = new Source();
      source.frame([KEY]);
      expect(source.frame(['31', '02', 'cc'], { drop: [index] })).toEqual([]);
      expect(source.frame([INTER])).toEqual([]);
      expect(source.depacketizer.keyframeNeeded).toBe(true);
      expect(source.frame([KEY])).toHaveLength(1);
      expect(source.frame([INTER])).toHaveLength(1);
    },
  );

  test('a loss between frames costs nothing when the picture ids prove that no frame is missing', () => {
    const source = new Source();
    source.frame([KEY], { pictureId: 0x7fff });
    source.depacketizer.loss();
    expect(source.frame([INTER], { pictureId: 0 })).toHaveLength(1);
    source.depacketizer.loss();
    expect(source.frame([INTER], { pictureId: 2 })).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
  });

  test('a keyframe right after a loss is taken', () => {
    const source = new Source();
    source.frame([KEY]);
    source.depacketizer.loss();
    expect(source.frame([KEY])).toHaveLength(1);
    expect(source.frame([INTER])).toHaveLength(1);
  });

  test('a keyframe without start code is none', () => {
    const source = new Source();
    expect(source.frame([KEY.replace('9d012a', '9d012b')])).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
  });

  test('a malformed packet gives its frame up', () => {
    const source = new Source();
    source.frame([KEY]);
    source.depacketizer.push({
      payloadType: 96,
      marker: true,
      sequence: 0,
      timestamp: source.time + 1,
      ssrc: 1,
      extensions: noExtensions(),
      payload: fromHex('90'),
    });
    expect(source.frame([INTER])).toEqual([]);
  });
});

describe('bounds', () => {
  /** A packet of the picture after those of `source`. */
  function packet(source: Source, hex: string, marker: boolean): RtpPacket {
    return {
      payloadType: 96,
      marker,
      sequence: 0,
      timestamp: source.time + 1,
      ssrc: 1,
      extensions: noExtensions(),
      payload: fromHex(hex),
    };
  }

  test.each([
    ['comes out', MAX_FRAME_PACKETS, 1],
    ['is given up', MAX_FRAME_PACKETS + 1, 0],
  ])('a picture that %s: %i packets', (_, packets, frames) => {
    const source = new Source();
    source.frame([KEY]);
    source.depacketizer.push(packet(source, '1031', false));
    for (let sent = 1; sent < packets; sent++) {
      source.depacketizer.push(packet(source, '00aa', sent === packets - 1));
      expect(source.depacketizer.heldPackets).toBeLessThanOrEqual(MAX_FRAME_PACKETS);
    }
    expect(source.depacketizer.take() === undefined ? 0 : 1).toBe(frames);
    expect(source.depacketizer.heldPackets).toBe(0);
    expect(source.frame([KEY])).toHaveLength(1);
  });

  test.each(['10', '90808001', '00'])(
    'a packet of the descriptor %s alone gives its frame up',
    (descriptor) => {
      const source = new Source();
      source.frame([KEY]);
      source.depacketizer.push(packet(source, '1031', false));
      source.depacketizer.push(packet(source, descriptor, false));
      expect(source.depacketizer.heldPackets).toBe(0);
      source.depacketizer.push(packet(source, '00aa', true));
      expect(source.depacketizer.take()).toBeUndefined();
      expect(source.depacketizer.keyframeNeeded).toBe(true);
    },
  );
});
