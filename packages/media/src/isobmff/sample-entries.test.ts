import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { fromHex, toHex } from '../bytes/hex.ts';
import { readAudioSampleEntry, writeAudioSampleEntry } from './audio-sample-entry.ts';
import { writeCodecBox } from './codec-box.ts';
import { readDOps, writeDOps } from './dops.ts';
import { readEsds, writeEsds } from './esds.ts';
import { readPasp, writePasp } from './pasp.ts';
import { readVisualSampleEntry, writeVisualSampleEntry } from './visual-sample-entry.ts';

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return toHex(writer.toBytes());
}

const hex = (text: string): string => text.replace(/\s+/g, '');

describe('visual sample entries (ISO/IEC 14496-12 §12.1.3)', () => {
  const bytes = `00000060 61766331 00000000 00000001 ${'00'.repeat(16)} 0500 02d0 00480000 00480000 00000000 0001
    ${'00'.repeat(32)} 0018 ffff 0000000a 61766343 0164`;

  test('avc1 holds sizes and its avcC', () => {
    const avc1 = written((w) =>
      writeVisualSampleEntry(w, 'avc1', { width: 1280, height: 720 }, () =>
        writeCodecBox(w, 'avcC', fromHex('0164')),
      ),
    );
    expect(avc1).toBe(hex(bytes));
    expect(readVisualSampleEntry(fromHex(bytes).subarray(8))).toEqual({ width: 1280, height: 720 });
  });

  test('hvc1 differs in its name alone', () => {
    const hvc1 = written((w) => writeVisualSampleEntry(w, 'hvc1', { width: 1280, height: 720 }, () => {}));
    expect(hvc1).toMatch(/^0000005668766331/);
  });
});

describe('audio sample entries (§12.2.3)', () => {
  test('mp4a holds channels and a 16.16 rate', () => {
    const bytes = '00000024 6d703461 00000000 00000001 00000000 00000000 0002 0010 00000000 bb800000';
    const box = { channels: 2, sampleRate: 48_000 };
    expect(written((w) => writeAudioSampleEntry(w, 'mp4a', box, () => {}))).toBe(hex(bytes));
    expect(readAudioSampleEntry(fromHex(bytes).subarray(8))).toEqual(box);
  });

  test('a rate above 65535 is written as 0', () => {
    const entry = written((w) =>
      writeAudioSampleEntry(w, 'mp4a', { channels: 2, sampleRate: 96_000 }, () => {}),
    );
    expect(entry).toMatch(/00000000$/);
  });
});

describe('esds (ISO/IEC 14496-14 §6.7.2)', () => {
  const bytes = `00000027 65736473 00000000 03 19 0001 00 04 11 40 15 000000 00000000 0001f400 05 02 1190 06 01 02`;
  const box = {
    objectTypeIndication: 0x40,
    maxBitrate: 0,
    averageBitrate: 128_000,
    audioSpecificConfig: fromHex('1190'),
  };

  test('nests the AudioSpecificConfig in three descriptors', () => {
    expect(written((w) => writeEsds(w, box))).toBe(hex(bytes));
    expect(readEsds(fromHex(bytes).subarray(8))).toEqual(box);
  });

  test('lengths of four bytes, as FFmpeg writes them, are read', () => {
    const long = `00000000 03 80808022 0001 00 04 80808014 40 15 000000 00000000 0001f400 05 80808002 1190 06 80808001 02`;
    expect(readEsds(fromHex(long))).toEqual(box);
  });

  test('optional fields of the ES descriptor are skipped', () => {
    const streamDependence = `00000000 03 1b 0001 80 0009 04 11 40 15 000000 00000000 0001f400 05 02 1190`;
    expect(readEsds(fromHex(streamDependence))).toEqual(box);
  });

  test('another descriptor in front is refused', () => {
    expect(() => readEsds(fromHex('00000000 04 11'))).toThrow('expected descriptor 3, got 4');
    expect(() => readEsds(fromHex('00000000 03 80808080 11'))).toThrow('more than four bytes');
  });
});

describe('dOps (Opus in ISOBMFF §4.3.2)', () => {
  test('is an OpusHead turned big-endian, with version 0', () => {
    const head = fromHex('4f707573 48656164 01 02 3801 80bb0000 0000 00');
    const bytes = '00000013 644f7073 00 02 0138 0000bb80 0000 00';
    expect(written((w) => writeDOps(w, head))).toBe(hex(bytes));
    expect(readDOps(fromHex(bytes).subarray(8))).toMatchObject({
      channels: 2,
      preSkip: 312,
      inputSampleRate: 48_000,
    });
  });
});

describe('pasp (ISO/IEC 14496-12 §12.1.4)', () => {
  test('is two numbers', () => {
    expect(written((w) => writePasp(w, { hSpacing: 4, vSpacing: 3 }))).toBe(
      hex('00000010 70617370 00000004 00000003'),
    );
    expect(readPasp(fromHex('0000000400000003'))).toEqual({ hSpacing: 4, vSpacing: 3 });
  });
});
