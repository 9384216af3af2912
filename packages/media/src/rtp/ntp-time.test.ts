import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compactNtp, msToNtp, ntpToMs } from './ntp-time.ts';

describe('NTP time (RFC 3550 §4)', () => {
  test('the fraction counts 2^-32 s', () => {
    expect(ntpToMs({ seconds: 10, fraction: 0x8000_0000 })).toBe(10_500);
    expect(msToNtp(10_250)).toEqual({ seconds: 10, fraction: 0x4000_0000 });
  });

  test('the compact form is the middle 32 bits (RFC 3550 §6.4.1, figure 2)', () => {
    expect(compactNtp({ seconds: 0xb44d_b705, fraction: 0x2000_0000 })).toBe(0xb705_2000);
  });

  test('there and back is right to a microsecond', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), (ms) => {
        expect(Math.abs(ntpToMs(msToNtp(ms)) - ms)).toBeLessThan(0.001);
      }),
    );
  });
});
