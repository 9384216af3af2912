import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../bytes/hex.ts';
import { type Fragment, type FragmentSample, writeFragment } from './fragment.ts';
import { readFragments } from './read-fragment.ts';
import { writeFragmentBoxes } from './write-fragment-boxes.ts';

function sample(overrides: Partial<FragmentSample> = {}): FragmentSample {
  return { durationTicks: 3000, sizeBytes: 2, compositionOffsetTicks: 0, keyframe: false, ...overrides };
}

const sampleArbitrary = fc.record({
  durationTicks: fc.constantFrom(0, 3000, 3003, 0xffff_ffff),
  sizeBytes: fc.nat(40),
  compositionOffsetTicks: fc.constantFrom(0, 0, 6000, -3000),
  keyframe: fc.boolean(),
});

const fragmentArbitrary: fc.Arbitrary<Fragment> = fc
  .record({
    sequenceNumber: fc.nat(0xffff_ffff),
    trackId: fc.constantFrom(1, 2),
    baseMediaDecodeTime: fc.oneof(fc.nat(), fc.maxSafeNat()).filter((time) => time < 2 ** 53 - 2 ** 42),
    samples: fc.array(sampleArbitrary, { minLength: 1, maxLength: 12 }),
  })
  .map((fragment) => ({
    ...fragment,
    payloads: fragment.samples.map(({ sizeBytes }, index) => new Uint8Array(sizeBytes).fill(index + 1)),
  }));

describe('writeFragment', () => {
  test('writes the smallest moof that says everything: a part of one IDR and one other picture', () => {
    const bytes = writeFragment({
      sequenceNumber: 9,
      baseMediaDecodeTime: 2 ** 32 + 3000,
      samples: [sample({ keyframe: true }), sample({ sizeBytes: 1 })],
      payloads: [Uint8Array.of(0xaa, 0xbb), Uint8Array.of(0xcc)],
    });
    expect(toHex(bytes)).toBe(
      [
        '0000006c 6d6f6f66 00000010 6d666864 00000000 00000009',
        '00000054 74726166',
        '00000018 74666864 00020028 00000001 00000bb8 01010000',
        '00000014 74666474 01000000 00000001 00000bb8',
        '00000020 7472756e 01000205 00000002 00000074 02000000 00000002 00000001',
        '0000000b 6d646174 aabbcc',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  test('is byte for byte what the box-by-box writers make', () => {
    fc.assert(
      fc.property(fragmentArbitrary, (fragment) => {
        expect(toHex(writeFragment(fragment))).toBe(toHex(writeFragmentBoxes(fragment)));
      }),
      { seed: 1 },
    );
  });

  test('reads back as the samples that went in', () => {
    fc.assert(
      fc.property(fragmentArbitrary, (fragment) => {
        const [read] = readFragments(writeFragment(fragment));
        expect(read?.sequenceNumber).toBe(fragment.sequenceNumber);
        expect(read?.trackId).toBe(fragment.trackId);
        let dts = fragment.baseMediaDecodeTime;
        const expected = fragment.samples.map((row, index) => {
          const at = dts;
          dts += row.durationTicks;
          return {
            dts: at,
            pts: at + row.compositionOffsetTicks,
            durationTicks: row.durationTicks,
            sizeBytes: row.sizeBytes,
            keyframe: row.keyframe,
            payload: fragment.payloads[index],
          };
        });
        expect(read?.samples).toMatchObject(expected);
        expect(read?.samples.length).toBe(expected.length);
      }),
      { seed: 2 },
    );
  });

  test('refuses no samples, a negative time, and payloads of another size', () => {
    const fragment = {
      sequenceNumber: 1,
      baseMediaDecodeTime: 0,
      samples: [sample()],
      payloads: [new Uint8Array(2)],
    };
    expect(() => writeFragment({ ...fragment, samples: [] })).toThrow('at least one sample');
    expect(() => writeFragment({ ...fragment, baseMediaDecodeTime: -1 })).toThrow('got -1');
    expect(() => writeFragment({ ...fragment, baseMediaDecodeTime: 0.5 })).toThrow('got 0.5');
    expect(() => writeFragment({ ...fragment, payloads: [new Uint8Array(3)] })).toThrow('declare 2 bytes');
  });
});

describe('readFragments', () => {
  test('a sample beyond the end is refused', () => {
    const bytes = writeFragment({
      sequenceNumber: 1,
      baseMediaDecodeTime: 0,
      samples: [sample()],
      payloads: [new Uint8Array(2)],
    });
    bytes[bytes.length - 13] = 200; // the last byte of the trun's only size
    expect(() => readFragments(bytes.slice())).toThrow(/sample of \d+ bytes/);
  });
});
