import { describe, expect, test } from 'vitest';
import { readH264ParameterSets } from './h264-format.ts';

describe('sprop-parameter-sets (RFC 6184 §8.1)', () => {
  test('gives the NAL units of the offer', () => {
    const sets = readH264ParameterSets(
      'packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==',
    );
    expect(sets.map((set) => (set[0] ?? 0) & 0x1f)).toEqual([7, 8]);
    expect(sets[1]).toEqual(Uint8Array.of(0x68, 0xcb, 0x8c, 0xb2));
  });

  test.each([
    undefined,
    '',
    'sprop-parameter-sets',
    'sprop-parameter-sets=,,%%%,Z0LAH',
    `sprop-parameter-sets=${'A'.repeat(2000)}`,
  ])('of %s are none', (text) => {
    expect(readH264ParameterSets(text)).toEqual([]);
  });
});
