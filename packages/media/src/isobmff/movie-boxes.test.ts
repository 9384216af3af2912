import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { fromHex, toHex } from '../bytes/hex.ts';
import { writeDinf } from './dinf.ts';
import { readFtyp, writeFtyp } from './ftyp.ts';
import { readHdlr, writeHdlr } from './hdlr.ts';
import { readMdhd, writeMdhd } from './mdhd.ts';
import { writeSmhd, writeVmhd } from './media-header.ts';
import { readMvhd, writeMvhd } from './mvhd.ts';
import { writeStbl } from './stbl.ts';
import { readTkhd, writeTkhd } from './tkhd.ts';
import { readTrex, writeTrex } from './trex.ts';

/** The hexadecimal bytes that a writer produces. */
function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return toHex(writer.toBytes());
}

const hex = (text: string): string => text.replace(/\s+/g, '');
const MATRIX = `00010000 00000000 00000000 00000000 00010000 00000000 00000000 00000000 40000000`;

describe('ftyp and styp (ISO/IEC 14496-12 §4.3)', () => {
  const box = { majorBrand: 'iso6', minorVersion: 1, compatibleBrands: ['iso6', 'cmfc'] };

  test('holds the major brand, its version and the compatible brands', () => {
    expect(written((w) => writeFtyp(w, box))).toBe(
      hex('00000018 66747970 69736f36 00000001 69736f36 636d6663'),
    );
    expect(written((w) => writeFtyp(w, box, 'styp'))).toMatch(/^0000001873747970/);
  });

  test('reads what it wrote and refuses half a brand', () => {
    expect(readFtyp(fromHex('69736f36 00000001 69736f36 636d6663'))).toEqual(box);
    expect(() => readFtyp(fromHex('69736f36 00000001 69736f'))).toThrow('3 bytes of brands');
  });
});

describe('mvhd (§8.2.2)', () => {
  const bytes = `0000006c 6d766864 00000000 00000000 00000000 00015f90 00000000 00010000 01000000
    00000000 00000000 ${MATRIX} ${'00'.repeat(24)} 00000002`;

  test('is 108 bytes of version 0', () => {
    expect(written((w) => writeMvhd(w, { timescale: 90_000, duration: 0, nextTrackId: 2 }))).toBe(hex(bytes));
    expect(readMvhd(fromHex(bytes).subarray(8))).toEqual({ timescale: 90_000, duration: 0, nextTrackId: 2 });
  });

  test('version 1 has 64-bit times', () => {
    const v1 = `01000000 ${'00'.repeat(16)} 000003e8 0000000100000000 ${'00'.repeat(76)} 00000005`;
    expect(readMvhd(fromHex(v1))).toEqual({ timescale: 1000, duration: 2 ** 32, nextTrackId: 5 });
  });

  test('version 2 does not exist', () => {
    expect(() => readMvhd(fromHex('02000000'))).toThrow('mvhd version 2');
  });
});

describe('tkhd (§8.3.2)', () => {
  const bytes = `0000005c 746b6864 00000003 00000000 00000000 00000001 00000000 00000000 00000000 00000000
    0000 0000 0000 0000 ${MATRIX} 05000000 02d00000`;
  const box = { trackId: 1, duration: 0, volume: 0, width: 1280, height: 720 };

  test('is enabled, in the movie, with 16.16 sizes', () => {
    expect(written((w) => writeTkhd(w, box))).toBe(hex(bytes));
    expect(readTkhd(fromHex(bytes).subarray(8))).toEqual(box);
  });
});

describe('mdhd (§8.4.2)', () => {
  test('packs the language into fifteen bits', () => {
    const bytes = '00000020 6d646864 00000000 00000000 00000000 0000bb80 00000000 55c40000';
    const box = { timescale: 48_000, duration: 0, language: 'und' };
    expect(written((w) => writeMdhd(w, box))).toBe(hex(bytes));
    expect(readMdhd(fromHex(bytes).subarray(8))).toEqual(box);
  });

  test('refuses a language that is not three letters', () => {
    expect(() => written((w) => writeMdhd(w, { timescale: 1, duration: 0, language: 'DE' }))).toThrow("'DE'");
  });
});

describe('hdlr (§8.4.3)', () => {
  test('ends its name with a zero', () => {
    const bytes = '00000023 68646c72 00000000 00000000 76696465 00000000 00000000 00000000 6162 00';
    expect(written((w) => writeHdlr(w, { handlerType: 'vide', name: 'ab' }))).toBe(hex(bytes));
    expect(readHdlr(fromHex(bytes).subarray(8))).toEqual({ handlerType: 'vide', name: 'ab' });
  });
});

describe('media headers and data references (§12.1.2, §12.2.2, §8.7)', () => {
  test('vmhd has flags 1', () => {
    expect(written(writeVmhd)).toBe(hex('00000014 766d6864 00000001 00000000 00000000'));
  });

  test('smhd is empty', () => {
    expect(written(writeSmhd)).toBe(hex('00000010 736d6864 00000000 00000000'));
  });

  test('dinf says that the media is in the same file', () => {
    expect(written(writeDinf)).toBe(
      hex('00000024 64696e66 0000001c 64726566 00000000 00000001 0000000c 75726c20 00000001'),
    );
  });
});

describe('stbl of a fragmented track (§8.5–8.7)', () => {
  test('has one sample entry and empty tables', () => {
    expect(written((w) => writeStbl(w, () => w.u32(0xabcdef01)))).toBe(
      hex(`00000060 7374626c
        00000014 73747364 00000000 00000001 abcdef01
        00000010 73747473 00000000 00000000
        00000010 73747363 00000000 00000000
        00000014 7374737a 00000000 00000000 00000000
        00000010 7374636f 00000000 00000000`),
    );
  });
});

describe('trex (§8.8.3)', () => {
  test('names the track, description 1 and the defaults', () => {
    const bytes = '00000020 74726578 00000000 00000001 00000001 00000400 00000000 02000000';
    const box = {
      trackId: 1,
      defaultSampleDuration: 1024,
      defaultSampleSize: 0,
      defaultSampleFlags: 0x0200_0000,
    };
    expect(written((w) => writeTrex(w, box))).toBe(hex(bytes));
    expect(readTrex(fromHex(bytes).subarray(8))).toEqual(box);
  });
});
