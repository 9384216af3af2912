import { describe, expect, test } from 'vitest';
import { RoundTrip } from './round-trip.ts';

const OURS = 0x0102_0304;

/** An extended report in which the publisher answers our `request` after `delayMs`. */
function answer(request: Uint8Array, delayMs: number, ssrc = OURS): Uint8Array {
  const report = new Uint8Array(24);
  const view = new DataView(report.buffer);
  view.setUint16(0, 0x80cf);
  view.setUint16(2, 5);
  view.setUint32(4, 99);
  view.setUint8(8, 5);
  view.setUint16(10, 3);
  view.setUint32(12, ssrc);
  // RFC 3611 §4.5: the middle 32 bits of the time that was said.
  view.setUint32(16, new DataView(request.buffer, request.byteOffset).getUint32(14));
  view.setUint32(20, Math.round(delayMs * 65.536));
  return report;
}

describe('the round trip (RFC 3611 §4.4, §4.5)', () => {
  test('is asked for by a receiver reference time', () => {
    const request = new RoundTrip(OURS).request(1500);
    expect(Buffer.from(request).toString('hex')).toBe('80cf000401020304040000020000000180000000');
  });

  test('is the time to the answer without what passed at the publisher', () => {
    const roundTrip = new RoundTrip(OURS);
    expect(roundTrip.rttMs).toBeUndefined();
    const request = roundTrip.request(1000);
    roundTrip.read(answer(request, 300), 1340);
    expect(roundTrip.rttMs).toBeCloseTo(40, 1);
  });

  test('is not told by answers to others, by impossible ones, or by broken reports', () => {
    const roundTrip = new RoundTrip(OURS);
    const request = roundTrip.request(1000);
    roundTrip.read(answer(request, 300, 77), 1340);
    roundTrip.read(answer(request, 400), 1340);
    roundTrip.read(answer(request, 0), 60_000);
    const whole = answer(request, 300);
    for (let size = 0; size < whole.length; size++) roundTrip.read(whole.subarray(0, size), 1340);
    expect(roundTrip.rttMs).toBeUndefined();
  });
});
