import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { parseOpusHead, writeOpusHead } from './opus-head.ts';
import { opusPacketSamples } from './packet-duration.ts';

describe('OpusHead (RFC 7845 §5.1)', () => {
  const stereo = '4f707573 48656164 01 02 3801 80bb0000 0000 00';
  const surround = '4f707573 48656164 01 06 3801 80bb0000 00ff 01 04 02 000401020305';

  test.each([
    [stereo, { channels: 2, preSkip: 312, inputSampleRate: 48_000, outputGain: 0, mappingFamily: 0 }],
    [
      surround,
      { channels: 6, outputGain: -256, mappingFamily: 1, mappingTable: fromHex('0402000401020305') },
    ],
  ])('%s', (hex, expected) => {
    const head = parseOpusHead(fromHex(hex));
    expect(head).toMatchObject(expected);
    expect(toHex(writeOpusHead(head))).toBe(hex.replaceAll(' ', ''));
  });

  test.each([
    ['4f707573 48656165 01 02 3801 80bb0000 0000 00', 'magic'],
    ['4f707573 48656164 11 02 3801 80bb0000 0000 00', 'version 17'],
    ['4f707573 48656164 01 00 3801 80bb0000 0000 00', '0 channels'],
    ['4f707573 48656164 01 03 3801 80bb0000 0000 00', '3 channels'],
    ['4f707573 48656164 01 06 3801 80bb0000 0000 01', 'wanted 8 bytes'],
    ['4f7075', 'wanted 8 bytes'],
  ])('refuses %s', (hex, message) => {
    expect(() => parseOpusHead(fromHex(hex))).toThrow(message);
  });
});

describe('opusPacketSamples (RFC 6716 §3.1)', () => {
  test.each([
    ['f8', 960], // CELT 20 ms, one frame
    ['f9', 1920], // two frames
    ['fb03', 2880], // three frames
    ['e0', 120], // CELT 2.5 ms
    ['18', 2880], // SILK 60 ms
    ['68', 960], // hybrid 20 ms
  ])('%s lasts %i samples', (hex, samples) => {
    expect(opusPacketSamples(fromHex(hex))).toBe(samples);
  });

  test('no frames, or more than 120 ms, is malformed', () => {
    expect(opusPacketSamples(fromHex(''))).toBeUndefined();
    expect(opusPacketSamples(fromHex('fb00'))).toBeUndefined();
    expect(opusPacketSamples(fromHex('fb3f'))).toBeUndefined();
  });
});
