import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { RtpError } from '../rtp-error.ts';
import { readRtcp } from './read-rtcp.ts';
import { MAX_STATUSES, type TransportFeedback, writeTransportFeedback } from './transport-feedback.ts';

function read(hex: string): TransportFeedback {
  const [packet] = readRtcp(fromHex(hex));
  if (packet?.type !== 'transport-feedback') throw new Error(`got ${packet?.type}`);
  return packet;
}

/** Sender 1, media 2, base 5, and the count that follows. */
const HEAD = '00000001 00000002 0005';

describe('transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01)', () => {
  test('§3.1.3: a run of small deltas', () => {
    const feedback = read(`8f cd 0006 ${HEAD} 0003 000002 07 2003 04 08 ff 000000`);
    expect(feedback).toEqual({
      type: 'transport-feedback',
      senderSsrc: 1,
      mediaSsrc: 2,
      baseSequence: 5,
      feedbackCount: 7,
      arrivalsMs: [129, 131, 194.75],
    });
  });

  test('§3.1.4: a vector of one-bit symbols, missing ones without delta', () => {
    const { arrivalsMs } = read(`8f cd 0005 ${HEAD} 0004 000000 00 a400 04 04`);
    expect(arrivalsMs).toEqual([1, undefined, undefined, 2]);
  });

  test('§3.1.4: a vector of two-bit symbols, large and negative deltas', () => {
    // 01 10 00 10 …
    const { arrivalsMs } = read(`8f cd 0006 ${HEAD} 0004 000000 00 d880 04 0400 fffc 00`);
    expect(arrivalsMs).toEqual([1, 257, undefined, 256]);
  });

  test('§3.1: the reference time is signed', () => {
    expect(read(`8f cd 0005 ${HEAD} 0001 ffffff 00 2001 04 00`).arrivalsMs).toEqual([-63]);
  });

  test('a run written by hand', () => {
    const bytes = writeTransportFeedback({
      senderSsrc: 1,
      mediaSsrc: 2,
      baseSequence: 5,
      feedbackCount: 7,
      arrivalsMs: [129, 131, 194.75],
    });
    expect(toHex(bytes)).toBe(
      `8fcd0006${HEAD.replaceAll(' ', '')}0003000002072003 04 08 ff 000000`.replaceAll(' ', ''),
    );
  });

  test.each([
    [`8f cd 0004 ${HEAD} 0000 000000 00`, '0 packets'],
    [`8f cd 0005 ${HEAD} 0002 000000 00 6002 0000`, 'status 3'],
    [`8f cd 0005 ${HEAD} 0003 000000 00 2003 0101`, 'left'],
    [`8f cd 0005 ${HEAD} 00ff 000000 00 0000 0000`, 'left'],
  ])('refuses %s', (hex, message) => {
    expect(() => read(hex)).toThrow(RtpError);
    expect(() => read(hex)).toThrow(message);
  });

  test('many in one compound make little work: what tells of more packets than a bound is not read', () => {
    // 24 bytes each: so many are missing, in one chunk.
    const tells = (count: number): string =>
      `8f cd 0005 ${HEAD} ${count.toString(16).padStart(4, '0')} 000000 00 ${count.toString(16).padStart(4, '0')} 0000`;
    const statusesOf = (compound: string, maxStatuses?: number): number[] =>
      readRtcp(fromHex(compound), maxStatuses === undefined ? {} : { maxStatuses }).map((packet) =>
        packet.type === 'transport-feedback' ? packet.arrivalsMs.length : 0,
      );
    expect(statusesOf(tells(2048).repeat(50))).toEqual([2048, ...Array.from({ length: 49 }, () => 0)]);
    expect(statusesOf(tells(8191).repeat(50)).every((count) => count === 0)).toBe(true);
    expect(statusesOf(tells(100).repeat(170)).reduce((sum, count) => sum + count)).toBeLessThanOrEqual(2048);
    expect(statusesOf(tells(1).repeat(3), 0)).toEqual([0, 0, 0]);
    expect(statusesOf(tells(1).repeat(3), 2)).toEqual([1, 1, 0]);
  });

  test('arrivals that no delta reaches, or none at all, are not written', () => {
    const write = (arrivalsMs: (number | undefined)[]) => () =>
      writeTransportFeedback({ senderSsrc: 1, mediaSsrc: 2, baseSequence: 0, feedbackCount: 0, arrivalsMs });
    expect(write([])).toThrow(RtpError);
    expect(write([undefined])).toThrow(RtpError);
    expect(write([0, 9000])).toThrow('delta 36000');
    expect(write(Array.from({ length: MAX_STATUSES + 1 }, () => 1))).toThrow(RtpError);
  });

  test('is read as written', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 255 }) },
        { weight: 2, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.integer({ min: -32_768, max: 32_767 }) },
      ),
      { minLength: 1, maxLength: 600 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), steps, fc.nat(0xffff), (start, all, baseSequence) => {
        let ticks = start;
        const arrivalsMs = [
          start / 4,
          ...all.map((step) => (step === undefined ? undefined : (ticks += step) / 4)),
        ];
        const feedback = { senderSsrc: 1, mediaSsrc: 2, baseSequence, feedbackCount: 9, arrivalsMs };
        expect(readRtcp(writeTransportFeedback(feedback))).toEqual([
          { type: 'transport-feedback', ...feedback },
        ]);
      }),
    );
  });
});
