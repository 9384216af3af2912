import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/hex.ts';
import { noExtensions } from '../header-extensions.ts';
import { OpusDepacketizer } from './opus.ts';

function pushed(depacketizer: OpusDepacketizer, timestamp: number, hex: string, ssrc = 1) {
  depacketizer.push({
    payloadType: 111,
    marker: false,
    sequence: 0,
    timestamp,
    ssrc,
    extensions: noExtensions(),
    payload: fromHex(hex),
  });
  return depacketizer.take();
}

describe('Opus (RFC 7587 §4.2)', () => {
  test('one packet is one frame, as long as its TOC says', () => {
    const depacketizer = new OpusDepacketizer();
    expect(pushed(depacketizer, 960, 'fc aabb')).toEqual({
      ssrc: 1,
      rtpTime: 960,
      keyframe: true,
      payload: fromHex('fcaabb'),
      samples: 960,
    });
    expect(depacketizer.take()).toBeUndefined();
    expect(pushed(depacketizer, 1920, '18 aa')?.samples).toBe(2880);
  });

  test('silence without packets (DTX) is not filled', () => {
    const depacketizer = new OpusDepacketizer();
    pushed(depacketizer, 960, 'f8');
    depacketizer.loss();
    expect(depacketizer.take()).toBeUndefined();
    expect(pushed(depacketizer, 48_960, 'f8')?.rtpTime).toBe(48_960);
  });

  test('timestamps go on beyond 2^32, and start anew with another SSRC', () => {
    const depacketizer = new OpusDepacketizer();
    pushed(depacketizer, 2 ** 32 - 480, 'f8');
    expect(pushed(depacketizer, 480, 'f8')?.rtpTime).toBe(2 ** 32 + 480);
    expect(pushed(depacketizer, 7, 'f8', 2)?.rtpTime).toBe(7);
  });

  test('an empty packet and one without frames are dropped', () => {
    const depacketizer = new OpusDepacketizer();
    expect(pushed(depacketizer, 960, '')).toBeUndefined();
    expect(pushed(depacketizer, 960, 'ff00')).toBeUndefined();
  });
});
