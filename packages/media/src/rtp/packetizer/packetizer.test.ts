import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/hex.ts';
import { joinNalUnits } from '../../codecs/nal/length-prefixed.ts';
import { H264Depacketizer } from '../depacketizer/h264.ts';
import { RtpError } from '../rtp-error.ts';
import { packetizeH264 } from './h264.ts';

// From x264, constrained baseline.
const SPS = fromHex('6742c01fda0360f79bc044000003000400000300f23c60ca80');
const PPS = fromHex('68ce0fc8');
const AUD = Uint8Array.of(0x09, 0xf0);
const FILLER = Uint8Array.of(0x0c, 0xff, 0xff, 0x80);

/** A NAL unit with this header and bytes that count up. */
function nal(header: number, size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
  bytes[0] = header;
  bytes[1] = 0x88;
  return bytes;
}

/** nal_unit_type and size of each payload. */
function shape(payloads: readonly Uint8Array[]): (readonly [number, number])[] {
  return payloads.map((payload) => [(payload[0] ?? 0) & 31, payload.length]);
}

describe('packetizeH264 (RFC 6184)', () => {
  test('a NAL unit that fits goes alone, without a copy', () => {
    const sample = joinNalUnits([nal(0x41, 500)]);
    const [payload, ...more] = packetizeH264(sample);
    expect(more).toEqual([]);
    expect(payload).toEqual(nal(0x41, 500));
    expect(payload?.buffer).toBe(sample.buffer);
  });

  test('parameter sets go together in a STAP-A before the picture', () => {
    const payloads = packetizeH264(joinNalUnits([SPS, PPS, nal(0x65, 300)]));
    expect(shape(payloads)).toEqual([
      [24, 1 + 2 + SPS.length + 2 + PPS.length],
      [5, 300],
    ]);
    expect(payloads[0]).toEqual(Uint8Array.of(0x78, 0, SPS.length, ...SPS, 0, PPS.length, ...PPS));
  });

  test('delimiters and filler are left out, and a sample of nothing else gives no payload', () => {
    expect(shape(packetizeH264(joinNalUnits([AUD, nal(0x41, 20), FILLER])))).toEqual([[1, 20]]);
    expect(packetizeH264(joinNalUnits([AUD, FILLER]))).toEqual([]);
    expect(packetizeH264(new Uint8Array(0))).toEqual([]);
  });

  test('a large NAL unit goes in FU-A fragments of nearly one size, first and last marked', () => {
    const whole = nal(0x65, 3000);
    const payloads = packetizeH264(joinNalUnits([whole]), 1160);
    expect(shape(payloads)).toEqual([
      [28, 1001],
      [28, 1002],
      [28, 1002],
    ]);
    expect(payloads.map((payload) => payload[1])).toEqual([0x85, 0x05, 0x45]);
    expect(payloads.map((payload) => payload[0])).toEqual([0x7c, 0x7c, 0x7c]);
    expect(Uint8Array.of(0x65, ...payloads.flatMap((payload) => [...payload.subarray(2)]))).toEqual(whole);
  });

  test.each([100, 101, 500, 1160, 1200])('no payload is above %i bytes, whatever the sizes', (max) => {
    for (const size of [2, max - 1, max, max + 1, 2 * max - 4, 2 * max - 3, 10_000]) {
      const payloads = packetizeH264(joinNalUnits([SPS, PPS, nal(0x06, size), nal(0x65, size)]), max);
      expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(max);
      expect(payloads.filter((payload) => payload.length < 3 && size > 3)).toEqual([]);
    }
  });

  test('the depacketizer puts every picture together again', () => {
    const depacketizer = new H264Depacketizer();
    const pictures = [
      [SPS, PPS, nal(0x06, 40), nal(0x65, 40_000)],
      [nal(0x41, 12), nal(0x41, 5000)],
      [nal(0x61, 1160)],
    ];
    let sequence = 0;
    const got = pictures.flatMap((nals, index) => {
      const payloads = packetizeH264(joinNalUnits(nals));
      payloads.forEach((payload, i) => {
        const marker = i === payloads.length - 1;
        const timestamp = index * 3000;
        depacketizer.push({
          payloadType: 96,
          marker,
          sequence: sequence++,
          timestamp,
          ssrc: 1,
          extensions: new Map(),
          payload,
        });
      });
      const frame = depacketizer.take();
      return frame === undefined ? [] : [frame];
    });
    expect(got.map(({ payload }) => payload)).toEqual([
      joinNalUnits([nal(0x06, 40), nal(0x65, 40_000)]),
      joinNalUnits([nal(0x41, 12), nal(0x41, 5000)]),
      joinNalUnits([nal(0x61, 1160)]),
    ]);
    expect(got[0]?.keyframe).toBe(true);
  });

  test('a limit without sense is refused', () => {
    expect(() => packetizeH264(joinNalUnits([SPS]), 99)).toThrow(RtpError);
    expect(() => packetizeH264(joinNalUnits([SPS]), Number.NaN)).toThrow(RtpError);
  });
});
