import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { fromHex, toHex } from '../bytes/hex.ts';
import { readEmsg, writeEmsg } from './emsg.ts';
import { readMfhd, writeMfhd } from './mfhd.ts';
import { readPrft, writePrft } from './prft.ts';
import { readTfdt, writeTfdt } from './tfdt.ts';
import { readTfhd, writeTfhd } from './tfhd.ts';
import { readTrun, writeTrun } from './trun.ts';

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return toHex(writer.toBytes());
}

const hex = (text: string): string => text.replace(/\s+/g, '');

describe('mfhd (ISO/IEC 14496-12 §8.8.5)', () => {
  test('is a sequence number', () => {
    expect(written((w) => writeMfhd(w, { sequenceNumber: 7 }))).toBe(
      hex('00000010 6d666864 00000000 00000007'),
    );
    expect(readMfhd(fromHex('00000000 00000007'))).toEqual({ sequenceNumber: 7 });
  });
});

describe('tfhd (§8.8.7)', () => {
  test('without defaults it is 16 bytes', () => {
    expect(written((w) => writeTfhd(w, { trackId: 1, defaultBaseIsMoof: true }))).toBe(
      hex('00000010 74666864 00020000 00000001'),
    );
  });

  test('every optional field comes in the order of its flag', () => {
    const box = {
      trackId: 2,
      defaultBaseIsMoof: false,
      baseDataOffset: 0x1_0000_0001,
      sampleDescriptionIndex: 1,
      defaultSampleDuration: 3000,
      defaultSampleSize: 9,
      defaultSampleFlags: 0x0101_0000,
    };
    const bytes = '00000028 74666864 0000003b 00000002 0000000100000001 00000001 00000bb8 00000009 01010000';
    expect(written((w) => writeTfhd(w, box))).toBe(hex(bytes));
    expect(readTfhd(fromHex(bytes).subarray(8))).toEqual(box);
  });
});

describe('tfdt (§8.8.12)', () => {
  test('is written with 64 bits', () => {
    expect(written((w) => writeTfdt(w, { baseMediaDecodeTime: 2 ** 32 + 5 }))).toBe(
      hex('00000014 74666474 01000000 00000001 00000005'),
    );
  });

  test('both versions are read', () => {
    expect(readTfdt(fromHex('01000000 0000000100000005'))).toEqual({ baseMediaDecodeTime: 2 ** 32 + 5 });
    expect(readTfdt(fromHex('00000000 fffffffe'))).toEqual({ baseMediaDecodeTime: 2 ** 32 - 2 });
  });

  test('a time that a number cannot hold is refused', () => {
    expect(() => readTfdt(fromHex('01000000 ffffffff00000000'))).toThrow(RangeError);
  });
});

describe('trun (§8.8.8)', () => {
  test('version 1 has signed composition offsets', () => {
    const box = {
      dataOffset: 100,
      samples: [
        { duration: 3000, size: 10, flags: 0x0200_0000, compositionTimeOffset: 3000 },
        { duration: 3000, size: 20, flags: 0x0101_0000, compositionTimeOffset: -3000 },
      ],
    };
    const bytes = `00000034 7472756e 01000f01 00000002 00000064
      00000bb8 0000000a 02000000 00000bb8  00000bb8 00000014 01010000 fffff448`;
    expect(written((w) => writeTrun(w, box))).toBe(hex(bytes));
    expect(readTrun(fromHex(bytes).subarray(8))).toEqual(box);
  });

  test('version 0 has unsigned ones', () => {
    expect(readTrun(fromHex('00000800 00000001 fffff448')).samples).toEqual([
      { compositionTimeOffset: 0xffff_f448 },
    ]);
  });

  test('first-sample-flags stand alone', () => {
    const bytes = '00000018 7472756e 01000204 00000001 02000000 00000014';
    const box = { firstSampleFlags: 0x0200_0000, samples: [{ size: 20 }] };
    expect(written((w) => writeTrun(w, box))).toBe(hex(bytes));
    expect(readTrun(fromHex(bytes).subarray(8))).toEqual(box);
  });

  test('a count that the bytes cannot hold is refused before the loop', () => {
    expect(() => readTrun(fromHex('00000200 ffffffff 00000001'))).toThrow(
      '4294967295 samples of 4 bytes in 4 bytes',
    );
    expect(() => readTrun(fromHex('00000000 ffffffff'))).toThrow('4294967295 samples of 0 bytes');
  });
});

describe('prft (§8.16.5)', () => {
  test('holds NTP time and media time', () => {
    // 2000-01-01T00:00:00.5Z is NTP second 3155673600.
    const box = { trackId: 1, wallClockMs: 946_684_800_500, mediaTime: 90_000 };
    const bytes = '00000020 70726674 01000018 00000001 bc17c200 80000000 0000000000015f90';
    expect(written((w) => writePrft(w, box))).toBe(hex(bytes));
    expect(readPrft(fromHex(bytes).subarray(8))).toEqual(box);
  });

  test('goes on after the NTP era ends in 2036', () => {
    const wallClockMs = Date.UTC(2040, 0, 1);
    const bytes = fromHex(written((w) => writePrft(w, { trackId: 1, wallClockMs, mediaTime: 0 })));
    expect(readPrft(bytes.subarray(8)).wallClockMs).toBe(wallClockMs);
  });
});

describe('emsg (ISO/IEC 23009-1 §5.10.3.3)', () => {
  const box = {
    schemeIdUri: 'a:b',
    value: '1',
    timescale: 1000,
    presentationTime: 5000,
    eventDuration: 0xffff_ffff,
    id: 3,
    message: fromHex('494433'),
  };
  const bytes = '00000029 656d7367 01000000 000003e8 0000000000001388 ffffffff 00000003 613a6200 3100 494433';

  test('version 1 has an absolute time before the strings', () => {
    expect(written((w) => writeEmsg(w, box))).toBe(hex(bytes));
    expect(readEmsg(fromHex(bytes).subarray(8))).toEqual(box);
  });

  test('version 0 and a string without end are refused', () => {
    expect(() => readEmsg(fromHex('00000000 00'))).toThrow('version 0');
    expect(() => readEmsg(fromHex('01000000 000003e8 0000000000001388 ffffffff 00000003 6161'))).toThrow(
      RangeError,
    );
  });
});
