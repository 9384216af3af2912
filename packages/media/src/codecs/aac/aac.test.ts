import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { CodecFormatError } from '../codec-format-error.ts';
import {
  aacCodecString,
  parseAudioSpecificConfig,
  writeAudioSpecificConfig,
} from './audio-specific-config.ts';
import { silentAacFrame } from './silent-frame.ts';

describe('AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1)', () => {
  const lc = { audioObjectType: 2, samplesPerFrame: 1024, sbr: false, ps: false };

  test.each([
    ['1190', { ...lc, sampleRate: 48_000, channels: 2, outputSampleRate: 48_000 }, 'mp4a.40.2'],
    ['1208', { ...lc, sampleRate: 44_100, channels: 1, outputSampleRate: 44_100 }, 'mp4a.40.2'],
    ['11b0', { ...lc, sampleRate: 48_000, channels: 6, outputSampleRate: 48_000 }, 'mp4a.40.2'],
    ['1194', { ...lc, sampleRate: 48_000, channels: 2, samplesPerFrame: 960 }, 'mp4a.40.2'],
    // Explicit, hierarchical: object type 5 in front.
    [
      '2b118800',
      { ...lc, sampleRate: 24_000, channels: 2, sbr: true, outputSampleRate: 48_000 },
      'mp4a.40.5',
    ],
    // Explicit, backward compatible: sync 0x2b7 behind.
    [
      '131056e598',
      { ...lc, sampleRate: 24_000, channels: 2, sbr: true, outputSampleRate: 48_000 },
      'mp4a.40.5',
    ],
    // HE-AAC v2: object type 29, mono core.
    ['eb098800', { ...lc, sampleRate: 24_000, channels: 1, sbr: true, ps: true }, 'mp4a.40.29'],
    // Rate escape: 15, then 24 bits.
    ['17805dc010', { ...lc, sampleRate: 48_000, channels: 2 }, 'mp4a.40.2'],
  ])('%s', (hex, expected, codecString) => {
    const config = parseAudioSpecificConfig(fromHex(hex));
    expect(config).toMatchObject(expected);
    expect(aacCodecString(config)).toBe(codecString);
  });

  test('what is written is read back', () => {
    const arbitrary = fc.record({
      audioObjectType: fc.constantFrom(1, 2, 4),
      sampleRate: fc.constantFrom(48_000, 44_100, 16_000, 47_999),
      channelConfiguration: fc.integer({ min: 1, max: 7 }),
      samplesPerFrame: fc.constantFrom<1024 | 960>(1024, 960),
      sbr: fc.boolean(),
    });
    fc.assert(
      fc.property(arbitrary, fc.boolean(), (config, ps) => {
        const whole = { ...config, ps: config.sbr && ps };
        const read = parseAudioSpecificConfig(writeAudioSpecificConfig(whole));
        expect(read).toMatchObject(whole);
        expect(read.outputSampleRate).toBe(config.sbr ? config.sampleRate * 2 : config.sampleRate);
      }),
      { seed: 8 },
    );
  });

  test.each([
    ['', 'wanted 5 bits'],
    ['1680', 'reserved or absurd'],
    ['f800', 'object type'],
    ['f8e0', 'object type'],
  ])("refuses '%s'", (hex, message) => {
    expect(() => parseAudioSpecificConfig(fromHex(hex))).toThrow(CodecFormatError);
    if (message !== 'object type') expect(() => parseAudioSpecificConfig(fromHex(hex))).toThrow(message);
  });

  test('an extension that breaks off is ignored', () => {
    expect(parseAudioSpecificConfig(fromHex('131056e5'))).toMatchObject({ sampleRate: 24_000 });
  });

  test('any bytes end in a result or CodecFormatError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 16 }), (bytes) => {
        try {
          parseAudioSpecificConfig(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecFormatError);
        }
      }),
      { seed: 9, numRuns: 2000 },
    );
  });
});

describe('silentAacFrame (§4.4.2.1)', () => {
  test('mono is one single channel element, stereo one pair', () => {
    expect(toHex(silentAacFrame(1))).toBe('00000007');
    expect(toHex(silentAacFrame(2))).toBe('21000000001c');
  });

  test('no configuration has seven channels or none', () => {
    expect(() => silentAacFrame(7)).toThrow('7 channels');
    expect(() => silentAacFrame(0)).toThrow('0 channels');
  });
});
