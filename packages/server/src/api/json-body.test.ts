import { describe, expect, test } from 'vitest';
import { isJsonType, parseJson } from './json-body.ts';

const parse = (text: string): unknown => parseJson(new TextEncoder().encode(text), 16);

describe('parseJson', () => {
  test.each([
    '{"__proto__":{"role":"admin"}}',
    '[[{"a":{"__proto__":1}}]]',
    '{"constructor":{"prototype":{"a":1}}}',
  ])('%s is refused', (text) => {
    expect(() => parse(text)).toThrow('must not have a member named');
  });

  test('other names of Object.prototype are plain members', () => {
    expect(parse('{"toString":1,"constructor":"x","hasOwnProperty":{}}')).toEqual({
      toString: 1,
      constructor: 'x',
      hasOwnProperty: {},
    });
  });

  test.each([Buffer.from('{'), Buffer.from([0x22, 0xff, 0x22]), Buffer.from([0xff, 0xfe, 0x7b, 0])])(
    'bytes %# are no JSON',
    (bytes) => {
      expect(() => parseJson(bytes, 16)).toThrow('not JSON in UTF-8');
    },
  );
});

describe('isJsonType', () => {
  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ])('%s is', (type) => {
    expect(isJsonType(type)).toBe(true);
  });
});
