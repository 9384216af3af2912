import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/hex.ts';
import { av1CodecString, parseAv1Config } from './av1-config.ts';

describe('av1C (AV1 in ISOBMFF §2.3.3)', () => {
  test('of libaom, 320×180', () => {
    const config = parseAv1Config(fromHex('81000c000a0b000000043cfeccdaf90040'));
    expect(config).toMatchObject({ profile: 0, levelIdx: 0, bitDepth: 8, chromaSubsamplingX: true });
    expect(config.configObus).toHaveLength(13);
    expect(av1CodecString(config)).toBe('av01.0.00M.08');
  });

  test('ten bits, high tier, level 5.1', () => {
    expect(av1CodecString(parseAv1Config(fromHex('810dcc00')))).toBe('av01.0.13H.10');
  });

  test('refuses another version and a short record', () => {
    expect(() => parseAv1Config(fromHex('82000c00'))).toThrow('0x82');
    expect(() => parseAv1Config(fromHex('8100'))).toThrow('2 bytes');
  });
});
