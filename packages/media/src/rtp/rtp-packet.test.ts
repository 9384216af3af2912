import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes/hex.ts';
import { noExtensions } from './header-extensions.ts';
import { RtpError } from './rtp-error.ts';
import { isRtcp, type RtpPacket, readRtpPacket, writeRtpPacket } from './rtp-packet.ts';

const HEADER = '80 e0 1234 89abcdef 01020304';

describe('RTP packets (RFC 3550 §5.1)', () => {
  test('the fixed header', () => {
    const packet = readRtpPacket(fromHex(`${HEADER} aabbcc`));
    expect(packet).toEqual({
      payloadType: 96,
      marker: true,
      sequence: 0x1234,
      timestamp: 0x89abcdef,
      ssrc: 0x01020304,
      extensions: new Map(),
      payload: fromHex('aabbcc'),
    });
    expect(toHex(writeRtpPacket(packet))).toBe(`${HEADER} aabbcc`.replaceAll(' ', ''));
  });

  test('contributing sources are skipped', () => {
    const packet = readRtpPacket(fromHex('82 60 0001 00000002 00000003 11111111 22222222 dd'));
    expect(toHex(packet.payload)).toBe('dd');
    expect(packet.marker).toBe(false);
  });

  test('padding is taken off, also when nothing else is there', () => {
    const packet = (tail: string): Uint8Array => fromHex(`a0 60 0001 00000002 00000003 ${tail}`);
    expect(toHex(readRtpPacket(packet('aabb 000002')).payload)).toBe('aabb00');
    expect(readRtpPacket(packet('00000004')).payload).toHaveLength(0);
  });

  test('payload and extensions are views, not copies', () => {
    const bytes = fromHex('90 60 0001 00000002 00000003 bede 0001 10aa0000 bb');
    const packet = readRtpPacket(bytes);
    expect(packet.payload.buffer).toBe(bytes.buffer);
    expect(packet.extensions.get(1)?.buffer).toBe(bytes.buffer);
  });

  test.each([
    ['', '0 bytes'],
    ['80 60 0001 00000002 000000', '11 bytes'],
    ['40 60 0001 00000002 00000003', 'version 1'],
    ['83 60 0001 00000002 00000003 11111111', 'header of 24 bytes'],
    ['90 60 0001 00000002 00000003 bede', 'header of 16 bytes'],
    ['90 60 0001 00000002 00000003 bede 0002 10aa0000', 'extension of 2 words'],
    ['a0 60 0001 00000002 00000003', '0 bytes of padding where 0 are left'],
    ['a0 60 0001 00000002 00000003 aa00', '0 bytes of padding'],
    ['a0 60 0001 00000002 00000003 aa03', '3 bytes of padding where 2 are left'],
    ['b0 60 0001 00000002 00000003 bede 0001 10aa0000', '0 bytes of padding where 0 are left'],
  ])('refuses %s', (hex, message) => {
    const read = (): unknown => readRtpPacket(fromHex(hex));
    expect(read).toThrow(RtpError);
    expect(read).toThrow(message);
  });
});

describe('header extensions (RFC 8285)', () => {
  const read = (profile: string, words: string): Record<number, string> => {
    const count = (fromHex(words).length / 4).toString(16).padStart(4, '0');
    const packet = readRtpPacket(fromHex(`90 60 0001 00000002 00000003 ${profile} ${count} ${words}`));
    return Object.fromEntries([...packet.extensions].map(([id, value]) => [id, toHex(value)]));
  };

  test('§4.2: one-byte elements with padding between them', () => {
    expect(read('bede', '10aa 21bbcc 00 00 32dddddd 00')).toEqual({ 1: 'aa', 2: 'bbcc', 3: 'dddddd' });
  });

  test('§4.2: an id of 15 ends the elements', () => {
    expect(read('bede', '10aa f0ff 20bb 0000')).toEqual({ 1: 'aa' });
  });

  test('§4.3: two-byte elements, empty ones too, whatever the application bits', () => {
    expect(read('1000', '1000 1502aabb 0000')).toEqual({ 16: '', 21: 'aabb' });
    expect(read('100f', '0101cc00')).toEqual({ 1: 'cc' });
  });

  test('another profile gives none', () => {
    expect(read('abcd', '10aa2011')).toEqual({});
  });

  test.each([
    ['bede', '13aabb00', 'extension 1: 4 bytes, 3 left'],
    ['1000', '0105aabb', 'extension 1: 5 bytes, 2 left'],
    ['1000', '01000003', 'extension 3'],
  ])('profile %s with %s is refused', (profile, words, message) => {
    expect(() => read(profile, words)).toThrow(message);
  });

  test('ids that no form has are not written', () => {
    const packet = readRtpPacket(fromHex(HEADER));
    for (const id of [0, 256]) {
      const extensions = new Map([[id, fromHex('aa')]]);
      expect(() => writeRtpPacket({ ...packet, extensions })).toThrow(RtpError);
    }
  });
});

const packets: fc.Arbitrary<RtpPacket> = fc.record({
  payloadType: fc.nat(127),
  marker: fc.boolean(),
  sequence: fc.nat(0xffff),
  timestamp: fc.nat(0xffff_ffff),
  ssrc: fc.nat(0xffff_ffff),
  extensions: fc.oneof(
    fc.constant(noExtensions()),
    fc
      .array(fc.tuple(fc.integer({ min: 1, max: 14 }), fc.uint8Array({ minLength: 1, maxLength: 16 })))
      .map((entries) => new Map(entries)),
    fc
      .array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 40 })))
      .map((entries) => new Map(entries)),
  ),
  payload: fc.uint8Array({ maxLength: 1300 }),
});

describe('what is written is read again', () => {
  test('for any packet', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(readRtpPacket(writeRtpPacket(packet))).toEqual(packet);
      }),
      { numRuns: 500 },
    );
  });
});

describe('isRtcp (RFC 5761 §4)', () => {
  test.each([
    ['80c80006', true],
    ['81c90007', true],
    ['8fcd0003', true],
    ['80df0000', true],
    ['80bf0000', false],
    ['80e00000', false],
    ['80600000', false],
    ['80c8', false],
  ])('%s: %s', (hex, expected) => {
    expect(isRtcp(fromHex(hex))).toBe(expected);
  });
});
