import { describe, expect, test } from 'vitest';
import { fromHex } from '../bytes/hex.ts';
import { dumpBoxes } from './dump.ts';
import { writeFragment } from './fragment.ts';

describe('dumpBoxes', () => {
  test('a part of three pictures, the first an IDR', () => {
    const part = writeFragment({
      sequenceNumber: 42,
      baseMediaDecodeTime: 2 ** 33,
      samples: [
        { durationTicks: 3000, sizeBytes: 3, compositionOffsetTicks: 0, keyframe: true },
        { durationTicks: 3000, sizeBytes: 2, compositionOffsetTicks: 6000, keyframe: false },
        { durationTicks: 3003, sizeBytes: 1, compositionOffsetTicks: -3000, keyframe: false },
      ],
      payloads: [new Uint8Array(6)],
    });
    expect(`\n${dumpBoxes(part)}`).toBe(`
[moof] size=132
  [mfhd] size=16 sequenceNumber=42
  [traf] size=108
    [tfhd] size=20 trackId=1 defaultBaseIsMoof=true defaultSampleFlags=0x1010000
    [tfdt] size=20 baseMediaDecodeTime=8589934592
    [trun] size=60 dataOffset=140 firstSampleFlags=0x2000000 samples=3
      #0 duration=3000 size=3 compositionTimeOffset=0
      #1 duration=3000 size=2 compositionTimeOffset=6000
      #2 duration=3003 size=1 compositionTimeOffset=-3000
[mdat] size=14
`);
  });

  test('a field that cannot be read does not stop the dump', () => {
    expect(dumpBoxes(fromHex('0000000c 74666474 05000000 00000008 66726565'))).toBe(
      '[tfdt] size=12 unreadable: tfdt version 5, we read 0…1\n[free] size=8\n',
    );
  });

  test('control characters do not reach the terminal', () => {
    expect(dumpBoxes(fromHex('00000008 1b5b3341'))).toBe('[.[3A] size=8\n');
  });

  test('nothing is nothing', () => {
    expect(dumpBoxes(new Uint8Array(0))).toBe('');
  });
});
