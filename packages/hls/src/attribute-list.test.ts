import { describe, expect, test } from 'vitest';
import { AttributeList, writeQuoted } from './attribute-list.ts';

describe('AttributeList (rfc8216bis §4.2)', () => {
  test('reads quoted and unquoted values, with commas and equals signs inside quotes', () => {
    const list = new AttributeList('URI="a,b=c",DURATION=0.2,INDEPENDENT=YES,EMPTY="",N=7');
    expect(list.size).toBe(5);
    expect(list.quoted('URI')).toBe('a,b=c');
    expect(list.quoted('EMPTY')).toBe('');
    expect(list.decimal('DURATION')).toBe(0.2);
    expect(list.integer('N')).toBe(7);
    expect(list.isYes('INDEPENDENT')).toBe(true);
    expect(list.isYes('GAP')).toBe(false);
    expect(list.has('GAP')).toBe(false);
    expect(list.text('URI')).toBe('a,b=c');
    expect(list.text('N')).toBe('7');
    expect(list.names()).toEqual(['URI', 'EMPTY', 'DURATION', 'INDEPENDENT', 'N']);
  });

  test.each([
    ['', 'not an attribute: ""'],
    ['A=1,', 'not an attribute: ""'],
    ['A=1, B=2', 'not an attribute: " B=2"'],
    ['a=1', 'not an attribute: "a=1"'],
    ['A = 1', 'not an attribute: "A = 1"'],
    ['A=', 'not an attribute: "A="'],
    ['A="x', 'not an attribute: "A=\\"x"'],
    ['A="x"y', 'not an attribute: "A=\\"x\\"y"'],
    ['A=x"y"', 'not an attribute: "A=x\\"y\\""'],
    ['A=1,A=2', 'A is given twice'],
    ['A=1,A="1"', 'A is given twice'],
  ])('refuses %j', (text, message) => {
    expect(() => new AttributeList(text)).toThrow(message);
  });

  test('is bounded', () => {
    const many = Array.from({ length: 129 }, (_, index) => `X-${index}=1`).join(',');
    expect(() => new AttributeList(many)).toThrow('more than 128 attributes');
  });

  test('is strict about quoting', () => {
    const list = new AttributeList('QUOTED="1",BARE=1');
    expect(() => list.decimal('QUOTED')).toThrow('QUOTED must not be quoted: "1"');
    expect(() => list.quoted('BARE')).toThrow('BARE must be quoted: "1"');
  });

  test('names the attribute that is missing or wrong', () => {
    const list = new AttributeList('DURATION=-1,N=1.5');
    expect(() => list.requiredQuoted('URI')).toThrow('URI is missing');
    expect(() => list.requiredDecimal('DURATION')).toThrow('DURATION: not a decimal number: "-1"');
    expect(() => list.requiredInteger('N')).toThrow('N: not a decimal integer: "1.5"');
  });
});

describe('writeQuoted', () => {
  test('refuses what a quoted string cannot carry', () => {
    expect(writeQuoted('a b')).toBe('"a b"');
    expect(() => writeQuoted('a"b')).toThrow('cannot be quoted');
    expect(() => writeQuoted('a\nb')).toThrow('cannot be quoted');
  });
});
