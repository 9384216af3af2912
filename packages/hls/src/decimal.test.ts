import { describe, expect, test } from 'vitest';
import { parseDecimal, parseInteger, writeDecimal, writeDecimalUp } from './decimal.ts';

describe('writeDecimal', () => {
  test.each([
    [0.2, '0.2'],
    [6 / 30, '0.2'],
    [1 / 3, '0.33333'],
    [2 / 3, '0.66667'],
    [2.0000049, '2'],
    [3, '3'],
    [0, '0'],
    [46 * (1024 / 48_000), '0.98133'],
  ])('%d is %s', (value, text) => {
    expect(writeDecimal(value)).toBe(text);
  });
});

describe('writeDecimalUp', () => {
  test.each([
    [0.216, '0.216'],
    [0.216 * 3, '0.648'],
    [1 / 3, '0.33334'],
    [0.36 * 3, '1.08'],
    [9, '9'],
  ])('%d is %s', (value, text) => {
    expect(writeDecimalUp(value)).toBe(text);
  });
});

describe('parseDecimal and parseInteger (rfc8216bis §4.2)', () => {
  test('read decimal numbers', () => {
    expect(parseDecimal('10.5')).toBe(10.5);
    expect(parseDecimal('6.')).toBe(6);
    expect(parseDecimal('.5')).toBe(0.5);
    expect(parseInteger('0')).toBe(0);
    expect(parseInteger('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
  });

  test.each(['', '-1', '+1', '1e3', 'NaN', 'Infinity', '1,5', ' 1', '0x1', '1'.repeat(21)])(
    'refuse %j',
    (text) => {
      expect(() => parseDecimal(text)).toThrow('not a decimal number');
      expect(() => parseInteger(text)).toThrow('not a decimal integer');
    },
  );

  test('an integer beyond 2⁵³ − 1 cannot be held', () => {
    expect(() => parseInteger('9007199254740992')).toThrow('not a decimal integer: "9007199254740992"');
  });
});
