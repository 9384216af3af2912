import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecFormatError } from '../codecs/codec-format-error.ts';
import { readAudioSampleEntry } from './audio-sample-entry.ts';
import { BoxFormatError } from './box-format-error.ts';
import { readDOps } from './dops.ts';
import { readEmsg } from './emsg.ts';
import { readEsds } from './esds.ts';
import { readFtyp } from './ftyp.ts';
import { readHdlr } from './hdlr.ts';
import { writeInitSection } from './init-section.ts';
import { readMdhd } from './mdhd.ts';
import { readMfhd } from './mfhd.ts';
import { readMvhd } from './mvhd.ts';
import { readPasp } from './pasp.ts';
import { readPrft } from './prft.ts';
import { readInitSection } from './read-init-section.ts';
import { readTfdt } from './tfdt.ts';
import { readTfhd } from './tfhd.ts';
import { readTkhd } from './tkhd.ts';
import { readTrex } from './trex.ts';
import { readTrun } from './trun.ts';
import { readVisualSampleEntry } from './visual-sample-entry.ts';

const READERS = {
  readAudioSampleEntry,
  readDOps,
  readEmsg,
  readEsds,
  readFtyp,
  readHdlr,
  readMdhd,
  readMfhd,
  readMvhd,
  readPasp,
  readPrft,
  readTfdt,
  readTfhd,
  readTkhd,
  readTrex,
  readTrun,
  readVisualSampleEntry,
};

/** Runs a reader; anything thrown must be one of the errors that readers document. */
function readOrRefuse(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    const documented =
      error instanceof BoxFormatError || error instanceof CodecFormatError || error instanceof RangeError;
    if (!documented) throw error;
  }
}

/** Bytes that often are small versions and flags, so that readers get past their first field. */
const hostileBytes = fc.array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 3, 4, 5, 0xff), fc.nat(255)), {
  maxLength: 120,
});

describe('box readers with hostile bodies', () => {
  test.each(Object.entries(READERS))('%s reads or refuses', (_, read) => {
    fc.assert(
      fc.property(hostileBytes, (bytes) => readOrRefuse(() => read(Uint8Array.from(bytes)))),
      { seed: 11, numRuns: 500 },
    );
  });

  test('readInitSection with changed bytes reads or refuses', () => {
    const valid = writeInitSection({
      kind: 'audio',
      codec: 'aac',
      timescale: 48_000,
      sampleRate: 48_000,
      channels: 2,
      config: Uint8Array.of(0x11, 0x90),
    });
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(edits, fc.nat(valid.length), (changes, length) => {
        const bytes = valid.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        readOrRefuse(() => readInitSection(bytes));
      }),
      { seed: 12, numRuns: 1000 },
    );
    expect(readInitSection(valid)).toHaveLength(1);
  });
});
