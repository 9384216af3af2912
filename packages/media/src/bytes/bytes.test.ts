import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitReader } from './bit-reader.ts';
import { BitWriter } from './bit-writer.ts';
import { ByteReader, EndOfBytesError } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { concat, equalBytes } from './concat.ts';
import { fromHex, toHex } from './hex.ts';

describe('ByteWriter', () => {
  test('grows in the middle of every kind of value', () => {
    for (let capacity = 0; capacity < 70; capacity++) {
      const writer = new ByteWriter(capacity);
      writer.u8(1).u16(2).u24(3).u32(4).i16(-2).i32(-3).u64(5).u64(6n).f64(1.5).bytes(Uint8Array.of(7, 8));
      writer.zeros(2).latin1('ab').utf8('é').patchU32(0, 0x0102_0304);
      expect(toHex(writer.toBytes())).toBe(
        '01020304000300000004fffefffffffd000000000000000500000000000000063ff8000000000000070800006162c3a9',
      );
    }
  });

  test('refuses what does not fit', () => {
    const writer = new ByteWriter();
    expect(() => writer.u64(-1)).toThrow('got -1');
    expect(() => writer.u64(2 ** 53)).toThrow('safe');
    expect(() => writer.latin1('€')).toThrow('Latin-1');
    expect(() => writer.patchU32(0, 1)).toThrow(RangeError);
  });
});

describe('ByteReader', () => {
  test('reads what a ByteWriter wrote', () => {
    const writer = new ByteWriter().u8(255).u16(65_535).u24(0xff_ffff).u32(0xffff_ffff).i16(-1).i32(-1);
    const reader = new ByteReader(
      writer
        .u64(2 ** 40)
        .f64(-0.25)
        .latin1('moof')
        .zeros(3)
        .toBytes(),
    );
    expect([reader.u8(), reader.u16(), reader.u24(), reader.u32()]).toEqual([
      255, 65_535, 0xff_ffff, 0xffff_ffff,
    ]);
    expect([reader.i16(), reader.i32(), reader.u64(), reader.f64()]).toEqual([-1, -1, 2 ** 40, -0.25]);
    expect(reader.latin1(4)).toBe('moof');
    reader.skip(1);
    expect(reader.rest()).toEqual(new Uint8Array(2));
    expect(reader.remaining).toBe(0);
  });

  test('refuses to read past the end, and a u64 that a number cannot hold', () => {
    expect(() => new ByteReader(fromHex('010203')).u32()).toThrow(EndOfBytesError);
    expect(() => new ByteReader(fromHex('0102')).bytes(-1)).toThrow(EndOfBytesError);
    expect(() => new ByteReader(fromHex('0020000000000000')).u64()).toThrow('above 2^53');
  });
});

describe('BitReader and BitWriter', () => {
  test('Exp-Golomb codes of H.264 §9.1', () => {
    const codes = new BitWriter().ue(0).ue(1).ue(2).ue(3).se(0).se(1).se(-1).se(2).toBytes();
    // 1 010 011 00100 1 010 011 00100
    expect(toHex(codes)).toBe('a64a64');
  });

  test('any values come back', () => {
    const item = fc.oneof(
      fc.record({ kind: fc.constant('bits'), value: fc.nat(0xffff_ffff) }),
      fc.record({ kind: fc.constant('ue'), value: fc.integer({ min: 0, max: 0xffff_fffe }) }),
      fc.record({ kind: fc.constant('se'), value: fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }) }),
      fc.record({ kind: fc.constant('flag'), value: fc.nat(1) }),
    );
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const writer = new BitWriter();
        for (const { kind, value } of items) {
          if (kind === 'bits') writer.bits(value, 32);
          else if (kind === 'ue') writer.ue(value);
          else if (kind === 'se') writer.se(value);
          else writer.flag(value === 1);
        }
        const reader = new BitReader(writer.trailingBits().toBytes());
        for (const { kind, value } of items) {
          if (kind === 'bits') expect(reader.bits(32)).toBe(value);
          else if (kind === 'ue') expect(reader.ue()).toBe(value);
          else if (kind === 'se') expect(reader.se()).toBe(value);
          else expect(reader.flag()).toBe(value === 1);
        }
      }),
      { seed: 4 },
    );
  });

  test('an endless code and the end of the bits are refused', () => {
    expect(() => new BitReader(new Uint8Array(8)).ue()).toThrow('longer than 32 bits');
    expect(() => new BitReader(new Uint8Array(1)).ue()).toThrow(EndOfBytesError);
    expect(() => new BitReader(new Uint8Array(1)).skip(9)).toThrow(EndOfBytesError);
    expect(() => new BitWriter().ue(-1)).toThrow('got -1');
  });
});

describe('concat, equalBytes, hex', () => {
  test('work on what they say', () => {
    const whole = concat([fromHex('01 02'), new Uint8Array(0), fromHex('03')]);
    expect(equalBytes(whole, fromHex('010203'))).toBe(true);
    expect(equalBytes(whole, fromHex('010204'))).toBe(false);
    expect(equalBytes(whole, fromHex('0102'))).toBe(false);
    expect(() => fromHex('0g')).toThrow(SyntaxError);
    expect(() => fromHex('012')).toThrow(SyntaxError);
  });
});
