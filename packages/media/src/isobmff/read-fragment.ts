import { BoxFormatError } from './box-format-error.ts';
import { readMfhd } from './mfhd.ts';
import { type Box, findBox, readBoxes } from './read-boxes.ts';
import { SAMPLE_IS_NON_SYNC } from './sample-flags.ts';
import { readTfdt } from './tfdt.ts';
import { readTfhd } from './tfhd.ts';
import { type Trex } from './trex.ts';
import { readTrun } from './trun.ts';

/** One sample with all defaults resolved. */
export interface ReadSample {
  /** Ticks of the track's timescale. */
  readonly dts: number;
  readonly pts: number;
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly keyframe: boolean;
  /** sample_flags, ISO/IEC 14496-12 §8.8.3.1. */
  readonly flags: number;
  /** A view of the sample's bytes. */
  readonly payload: Uint8Array;
}

/** Samples of one traf: runs without columns cost no bytes, so their number is bounded separately. */
const MAX_SAMPLES = 100_000;

/** One track's run of one moof. */
export interface ReadFragment {
  readonly sequenceNumber: number;
  readonly trackId: number;
  readonly baseMediaDecodeTime: number;
  readonly samples: readonly ReadSample[];
}

/**
 * Every track fragment of a media segment or part, in order. `trex` gives the init section's defaults. Throws
 * BoxFormatError when a sample lies outside the bytes, a traf lacks tfdt, or data offsets do not count from the moof.
 */
export function readFragments(bytes: Uint8Array, trex?: Trex): ReadFragment[] {
  const fragments: ReadFragment[] = [];
  for (const moof of readBoxes(bytes)) {
    if (moof.type !== 'moof') continue;
    const mfhd = moof.children.find((box) => box.type === 'mfhd');
    if (mfhd === undefined) throw new BoxFormatError(`moof at ${moof.offset} has no mfhd`);
    const { sequenceNumber } = readMfhd(mfhd.body);
    for (const traf of moof.children) {
      if (traf.type === 'traf') fragments.push(readTraf(bytes, moof, traf, sequenceNumber, trex));
    }
  }
  return fragments;
}

function readTraf(
  bytes: Uint8Array,
  moof: Box,
  traf: Box,
  sequenceNumber: number,
  trex: Trex | undefined,
): ReadFragment {
  const tfhdBox = findBox(traf.children, ['tfhd']);
  const tfdtBox = findBox(traf.children, ['tfdt']);
  if (tfhdBox === undefined || tfdtBox === undefined) throw new BoxFormatError('traf without tfhd or tfdt');
  const tfhd = readTfhd(tfhdBox.body);
  if (!tfhd.defaultBaseIsMoof) throw new BoxFormatError('tfhd without default-base-is-moof');
  const { baseMediaDecodeTime } = readTfdt(tfdtBox.body);
  const samples: ReadSample[] = [];
  let dts = baseMediaDecodeTime;
  let at = moof.offset;
  for (const box of traf.children) {
    if (box.type !== 'trun') continue;
    const trun = readTrun(box.body);
    if (samples.length + trun.samples.length > MAX_SAMPLES)
      throw new BoxFormatError('too many samples in a traf');
    if (trun.dataOffset !== undefined) at = moof.offset + trun.dataOffset;
    for (const [index, row] of trun.samples.entries()) {
      const durationTicks = row.duration ?? tfhd.defaultSampleDuration ?? trex?.defaultSampleDuration ?? 0;
      const sizeBytes = row.size ?? tfhd.defaultSampleSize ?? trex?.defaultSampleSize ?? 0;
      const defaultFlags = tfhd.defaultSampleFlags ?? trex?.defaultSampleFlags ?? 0;
      const flags = row.flags ?? (index === 0 ? trun.firstSampleFlags : undefined) ?? defaultFlags;
      if (at < 0 || at + sizeBytes > bytes.length) {
        throw new BoxFormatError(`sample of ${sizeBytes} bytes at ${at}, the input has ${bytes.length}`);
      }
      samples.push({
        dts,
        pts: dts + (row.compositionTimeOffset ?? 0),
        durationTicks,
        sizeBytes,
        keyframe: (flags & SAMPLE_IS_NON_SYNC) === 0,
        flags,
        payload: bytes.subarray(at, at + sizeBytes),
      });
      dts += durationTicks;
      at += sizeBytes;
    }
  }
  return { sequenceNumber, trackId: tfhd.trackId, baseMediaDecodeTime, samples };
}
