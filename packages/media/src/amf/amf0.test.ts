import { describe, expect, test } from 'vitest';
import { AmfFormatError, isAmfObject } from './amf-value.ts';
import { readAmf0 } from './amf0-reader.ts';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from './amf0-writer.ts';

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));
const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

describe('AMF0 types (AMF0 §2)', () => {
  test('numbers, booleans, strings, null and undefined read as what they are', () => {
    expect(readAmf0(bytes('003ff0000000000000 0101 0100 020003616263 05 06 0d'))).toEqual([
      1,
      true,
      false,
      'abc',
      null,
      undefined,
      undefined,
    ]);
  });

  test('an object reads as a Map, __proto__ and all', () => {
    const [value] = readAmf0(bytes('03 0009 5f5f70726f746f5f5f 0101 0000 09'));
    expect(value).toEqual(new Map([['__proto__', true]]));
  });

  test('an ECMA array ends at its end marker, whatever its count says', () => {
    expect(readAmf0(bytes('08 00000000 000161 0101 000009'))).toEqual([new Map([['a', true]])]);
    expect(readAmf0(bytes('08 00000009 000161 0101 000009'))).toEqual([new Map([['a', true]])]);
  });

  test('a typed object reads as an object, without its class', () => {
    expect(readAmf0(bytes('10 000178 000161 05 000009'))).toEqual([new Map([['a', null]])]);
  });

  test('strict arrays, dates and long strings read', () => {
    expect(readAmf0(bytes('0a 00000002 05 0101'))).toEqual([[null, true]]);
    expect(readAmf0(bytes('0b 40f86a0000000000 0000'))).toEqual([{ dateMs: 100_000 }]);
    expect(readAmf0(bytes('0c 00000002 6869'))).toEqual(['hi']);
  });

  test('references, AMF3 and unknown types are refused', () => {
    expect(() => readAmf0(bytes('07 0000'))).toThrow('reference');
    expect(() => readAmf0(bytes('11 01'))).toThrow('AMF3');
    expect(() => readAmf0(bytes('42'))).toThrow('0x42');
  });

  test('every cut of a message is refused, never believed', () => {
    const whole = writeAmf0({ a: [1, 'x', { b: null }], c: { dateMs: 5 } });
    for (let end = 1; end < whole.length; end++) {
      expect(() => readAmf0(whole.subarray(0, end)), `cut at ${end}`).toThrow(AmfFormatError);
    }
  });
});

describe('writeAmf0', () => {
  test('what was written reads back', () => {
    const values: AmfInput[] = [
      'connect',
      1,
      { app: 'live', flags: [true, null, undefined] },
      'x'.repeat(70_000),
    ];
    const limits = { maxDepth: 16, maxKeys: 256, maxStringBytes: 100_000 };
    const [name, id, object, long] = readAmf0(writeAmf0(...values), limits);
    expect([name, id, long]).toEqual(['connect', 1, 'x'.repeat(70_000)]);
    expect(object).toEqual(
      new Map<string, unknown>([
        ['app', 'live'],
        ['flags', [true, null, undefined]],
      ]),
    );
  });

  test('an ECMA array carries its count', () => {
    expect([...writeAmf0(new AmfEcmaArray({ a: true }))]).toEqual([8, 0, 0, 0, 1, 0, 1, 0x61, 1, 1, 0, 0, 9]);
  });
});

describe('AmfLimits', () => {
  const nested = (depth: number): Uint8Array =>
    Uint8Array.from([...Array.from({ length: depth }, () => [0x0a, ...u32(1)]).flat(), 5]);

  test('depth 16 reads, depth 17 and depth 100000 are refused', () => {
    expect(readAmf0(nested(16))).toHaveLength(1);
    expect(() => readAmf0(nested(17))).toThrow('deeper than 16');
    expect(() => readAmf0(nested(100_000))).toThrow('deeper than 16');
  });

  test('256 values read, 257 are refused, however they are arranged', () => {
    const array = (count: number): Uint8Array =>
      Uint8Array.from([0x0a, ...u32(count), ...Array<number>(count).fill(5)]);
    expect(readAmf0(array(255))).toHaveLength(1);
    expect(() => readAmf0(array(256))).toThrow('256');
    expect(readAmf0(new Uint8Array(256).fill(5))).toHaveLength(256);
    expect(() => readAmf0(new Uint8Array(257).fill(5))).toThrow('256');
  });

  test('array counts and string sizes of 2³² − 1 are refused before memory is taken', () => {
    expect(() => readAmf0(bytes('0a ffffffff'))).toThrow('4294967295');
    expect(() => readAmf0(bytes('08 ffffffff'))).toThrow('4294967295');
    expect(() => readAmf0(bytes('0c ffffffff'))).toThrow('4294967295');
  });

  test('a string of 65536 bytes reads, one of 65537 is refused', () => {
    const text = (size: number): Uint8Array =>
      Uint8Array.from([0x0c, ...u32(size), ...Array<number>(size).fill(0x61)]);
    expect(readAmf0(text(65_536))).toHaveLength(1);
    expect(() => readAmf0(text(65_537))).toThrow('65537');
  });
});

describe('isAmfObject', () => {
  test('is true for objects only', () => {
    expect([new Map(), [], null, 'x', { dateMs: 1 }].map((value) => isAmfObject(value))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
