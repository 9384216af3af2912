import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat } from '../../bytes/concat.ts';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { RtpError } from '../rtp-error.ts';
import { writeFir } from './fir.ts';
import { writeNack } from './nack.ts';
import { writePli } from './pli.ts';
import { MAX_RTCP_BYTES, readRtcp } from './read-rtcp.ts';
import { writeReceiverReport } from './receiver-report.ts';
import { writeSenderReport } from './sender-report.ts';
import { writeSourceDescription } from './source-description.ts';

const u32 = fc.nat(0xffff_ffff);
const blocks = fc.array(
  fc.record({
    ssrc: u32,
    fractionLost: fc.nat(255),
    cumulativeLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
    highestSequence: u32,
    jitter: u32,
    lastSenderReport: u32,
    delaySinceLastSenderReport: u32,
  }),
  { maxLength: 31 },
);

describe('sender and receiver reports (RFC 3550 §6.4)', () => {
  const REPORT = '0a0b0c0d 40 ffffff 00012345 00000011 b7052000 00054000';

  test('SR with a report block', () => {
    const hex = `81 c8 000c 01020304 b44db705 20000000 00001000 00000020 00000300 ${REPORT}`;
    const [report] = readRtcp(fromHex(hex));
    expect(report).toEqual({
      type: 'sender-report',
      ssrc: 0x01020304,
      ntp: { seconds: 0xb44db705, fraction: 0x20000000 },
      rtpTimestamp: 0x1000,
      packetCount: 0x20,
      octetCount: 0x300,
      reports: [
        {
          ssrc: 0x0a0b0c0d,
          fractionLost: 64,
          cumulativeLost: -1,
          highestSequence: 0x12345,
          jitter: 17,
          lastSenderReport: 0xb7052000,
          delaySinceLastSenderReport: 0x54000,
        },
      ],
    });
    if (report?.type === 'sender-report')
      expect(toHex(writeSenderReport(report))).toBe(hex.replaceAll(' ', ''));
  });

  test('RR without blocks', () => {
    expect(readRtcp(fromHex('80 c9 0001 01020304'))).toEqual([
      { type: 'receiver-report', ssrc: 0x01020304, reports: [] },
    ]);
  });

  test('what follows the blocks is a profile’s and is left out', () => {
    expect(readRtcp(fromHex('80 c9 0002 01020304 deadbeef'))).toHaveLength(1);
  });

  test('are read as written', () => {
    const sender = fc.record({
      ssrc: u32,
      ntp: fc.record({ seconds: u32, fraction: u32 }),
      rtpTimestamp: u32,
      packetCount: u32,
      octetCount: u32,
      reports: blocks,
    });
    fc.assert(
      fc.property(sender, (report) => {
        expect(readRtcp(writeSenderReport(report))).toEqual([{ type: 'sender-report', ...report }]);
      }),
    );
    fc.assert(
      fc.property(u32, blocks, (ssrc, reports) => {
        expect(readRtcp(writeReceiverReport({ ssrc, reports }))).toEqual([
          { type: 'receiver-report', ssrc, reports },
        ]);
      }),
    );
  });

  test('32 blocks do not fit', () => {
    const reports = Array.from({ length: 32 }, () => ({
      ssrc: 1,
      fractionLost: 0,
      cumulativeLost: 0,
      highestSequence: 0,
      jitter: 0,
      lastSenderReport: 0,
      delaySinceLastSenderReport: 0,
    }));
    expect(() => writeReceiverReport({ ssrc: 1, reports })).toThrow(RtpError);
  });
});

describe('generic NACK (RFC 4585 §6.2.1)', () => {
  test('a bit mask names the 16 that follow', () => {
    expect(readRtcp(fromHex('81 cd 0003 00000001 00000002 fffe 8005'))).toEqual([
      {
        type: 'nack',
        senderSsrc: 1,
        mediaSsrc: 2,
        sequences: [0xfffe, 0xffff, 1, 14],
      },
    ]);
  });

  test('17 in a row take one entry', () => {
    const sequences = Array.from({ length: 17 }, (_, i) => (65_530 + i) & 0xffff);
    expect(toHex(writeNack({ senderSsrc: 1, mediaSsrc: 2, sequences }))).toBe(
      '81cd00030000000100000002fffaffff',
    );
  });

  test('is read as written', () => {
    const rising = fc
      .tuple(fc.nat(0xffff), fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 }))
      .map(([start, steps]) => {
        let at = start;
        return [start, ...steps.map((step) => (at += step) & 0xffff)];
      });
    fc.assert(
      fc.property(rising, (sequences) => {
        expect(readRtcp(writeNack({ senderSsrc: 1, mediaSsrc: 2, sequences }))).toEqual([
          { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequences },
        ]);
      }),
    );
  });
});

describe('requests for a keyframe', () => {
  test('PLI (RFC 4585 §6.3.1)', () => {
    const bytes = writePli({ senderSsrc: 1, mediaSsrc: 0xfedcba98 });
    expect(toHex(bytes)).toBe('81ce000200000001fedcba98');
    expect(readRtcp(bytes)).toEqual([{ type: 'pli', senderSsrc: 1, mediaSsrc: 0xfedcba98 }]);
  });

  test('FIR (RFC 5104 §4.3.1)', () => {
    const bytes = writeFir({ senderSsrc: 1, requests: [{ ssrc: 2, sequence: 255 }] });
    expect(toHex(bytes)).toBe('84ce0004000000010000000000000002ff000000');
    expect(readRtcp(bytes)).toEqual([{ type: 'fir', senderSsrc: 1, requests: [{ ssrc: 2, sequence: 255 }] }]);
  });
});

describe('REMB (draft-alvestrand-rmcat-remb-03 §2.2)', () => {
  test('mantissa and exponent', () => {
    const hex = '8f ce 0005 00000001 00000000 52454d42 01 0ac350 000000aa';
    expect(readRtcp(fromHex(hex))).toEqual([
      { type: 'remb', senderSsrc: 1, bitrateBps: 0x2c350 * 4, ssrcs: [0xaa] },
    ]);
  });

  test('another application’s message is none', () => {
    const other = readRtcp(fromHex('8f ce 0004 00000001 00000000 41424344 01000000'));
    expect(other).toEqual([{ type: 'other', packetType: 206, count: 15 }]);
  });
});

describe('SDES and BYE (RFC 3550 §6.5 and §6.6)', () => {
  test('canonical names, each chunk padded to 32 bits', () => {
    const hex = '82 ca 0006 00000001 01 02 6162 02 01 78 00 00000002 01 00 00 00 00000000';
    const padded = '82 ca 0005 00000001 01026162 02017800 00000002 01000000';
    expect(() => readRtcp(fromHex(hex))).not.toThrow();
    expect(readRtcp(fromHex(padded))).toEqual([
      {
        type: 'source-description',
        sources: [
          { ssrc: 1, cname: 'ab' },
          { ssrc: 2, cname: '' },
        ],
      },
    ]);
  });

  test('SDES is read as written', () => {
    fc.assert(
      fc.property(u32, fc.string({ maxLength: 60 }), (ssrc, cname) => {
        expect(readRtcp(writeSourceDescription({ ssrc, cname }))).toEqual([
          { type: 'source-description', sources: [{ ssrc, cname }] },
        ]);
      }),
    );
  });

  test('BYE with a reason', () => {
    expect(readRtcp(fromHex('82 cb 0004 00000001 00000002 03 627965 00000000'))).toEqual([
      { type: 'bye', ssrcs: [1, 2] },
    ]);
  });
});

describe('compounds (RFC 3550 §6.1)', () => {
  test('several packets, unknown ones among them, padding on the last', () => {
    const compound = concat([
      writeReceiverReport({ ssrc: 1, reports: [] }),
      fromHex('80 cf 0001 00000001'),
      writePli({ senderSsrc: 1, mediaSsrc: 2 }),
      fromHex('a1 ce 0003 00000001 00000002 00000004'),
    ]);
    expect(readRtcp(compound).map(({ type }) => type)).toEqual(['receiver-report', 'other', 'pli', 'pli']);
  });

  test.each([
    ['81', 'where a header belongs'],
    ['41 ce 0002 00000001 00000002', 'version 1'],
    ['81 ce 0003 00000001 00000002', '16 bytes, 12 left'],
    ['81 ce 0001 00000001', 'wanted 4 bytes'],
    ['a1 ce 0002 00000001 00000000', '0 bytes of padding'],
    ['a1 ce 0002 00000001 00000009', '9 bytes of padding in 12'],
    ['83 c9 0001 01020304', 'wanted 4 bytes'],
    ['81 cd 0003 00000001 00000002 ffff', 'left'],
    ['81 ca 0002 00000001 01056162', 'wanted 5 bytes'],
  ])('refuses %s', (hex, message) => {
    const read = (): unknown => readRtcp(fromHex(hex));
    expect(read).toThrow(RtpError);
    expect(read).toThrow(message);
  });

  test('more than a path carries is refused before it is read', () => {
    expect(() => readRtcp(new Uint8Array(MAX_RTCP_BYTES + 1))).toThrow(`${MAX_RTCP_BYTES + 1} bytes`);
  });
});
