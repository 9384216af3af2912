import { NON_SYNC_SAMPLE_FLAGS, SYNC_SAMPLE_FLAGS } from './sample-flags.ts';
import { TFHD_FLAGS } from './tfhd.ts';
import { TRUN_FLAGS } from './trun.ts';

/** One sample of a fragment, in decode order. */
export interface FragmentSample {
  /** Ticks from this sample's DTS to the next one's. */
  readonly durationTicks: number;
  readonly sizeBytes: number;
  /** PTS − DTS in ticks; may be negative. */
  readonly compositionOffsetTicks: number;
  readonly keyframe: boolean;
}

/** What a fragment is made of. */
export interface Fragment {
  /** Rises with each fragment of a track; wraps at 2³². */
  readonly sequenceNumber: number;
  /** Default 1, the track of `writeInitSection`. */
  readonly trackId?: number;
  /** DTS of the first sample in ticks: a safe integer, never negative, may exceed 2³². */
  readonly baseMediaDecodeTime: number;
  /** At least one. */
  readonly samples: readonly FragmentSample[];
  /** The samples' bytes in order; their lengths add up to the sum of the samples' sizes. */
  readonly payloads: readonly Uint8Array[];
}

/** Which columns a fragment's trun needs; the rest goes into tfhd once. */
export interface FragmentShape {
  readonly uniformDuration: boolean;
  /** All samples have equal flags. */
  readonly uniformFlags: boolean;
  /** The first sample is a keyframe and no other is. */
  readonly onlyFirstIsKeyframe: boolean;
  readonly hasCompositionOffsets: boolean;
}

/** Looks at all samples once. Throws RangeError when there are none. */
export function fragmentShape(samples: readonly FragmentSample[]): FragmentShape {
  const first = samples[0];
  if (first === undefined) throw new RangeError('a fragment needs at least one sample');
  let uniformDuration = true;
  let uniformFlags = true;
  let othersAreNot = true;
  let hasCompositionOffsets = first.compositionOffsetTicks !== 0;
  for (let i = 1; i < samples.length; i++) {
    const sample = samples[i] ?? first;
    if (sample.durationTicks !== first.durationTicks) uniformDuration = false;
    if (sample.keyframe !== first.keyframe) uniformFlags = false;
    if (sample.keyframe) othersAreNot = false;
    if (sample.compositionOffsetTicks !== 0) hasCompositionOffsets = true;
  }
  const onlyFirstIsKeyframe = first.keyframe && othersAreNot && samples.length > 1;
  return { uniformDuration, uniformFlags, onlyFirstIsKeyframe, hasCompositionOffsets };
}

// ASCII of the box types, as 32-bit numbers.
const MOOF = 0x6d6f6f66;
const MFHD = 0x6d666864;
const TRAF = 0x74726166;
const TFHD = 0x74666864;
const TFDT = 0x74666474;
const TRUN = 0x7472756e;
const MDAT = 0x6d646174;

const MFHD_SIZE = 16;
const TFDT_SIZE = 20;

/**
 * A CMAF chunk (ISO/IEC 23000-19 §7.3.2.3): moof and mdat of one track in one allocation. This is the packager's hot
 * path, so it writes numbers straight into place; `fragment.test.ts` compares it with the box-by-box writers.
 * Throws RangeError for no samples, a decode time out of range, or payloads that do not add up to the samples' sizes.
 */
export function writeFragment(fragment: Fragment): Uint8Array {
  const { samples, payloads, baseMediaDecodeTime } = fragment;
  if (!Number.isSafeInteger(baseMediaDecodeTime) || baseMediaDecodeTime < 0) {
    throw new RangeError(
      `baseMediaDecodeTime must be a non-negative safe integer, got ${baseMediaDecodeTime}`,
    );
  }
  const shape = fragmentShape(samples);
  const flagsPerSample = !shape.uniformFlags && !shape.onlyFirstIsKeyframe;
  const tfhdSize = 20 + (shape.uniformDuration ? 4 : 0) + (flagsPerSample ? -4 : 0);
  const rowSize =
    4 + (shape.uniformDuration ? 0 : 4) + (flagsPerSample ? 4 : 0) + (shape.hasCompositionOffsets ? 4 : 0);
  const trunSize = 20 + (shape.onlyFirstIsKeyframe ? 4 : 0) + samples.length * rowSize;
  const trafSize = 8 + tfhdSize + TFDT_SIZE + trunSize;
  const moofSize = 8 + MFHD_SIZE + trafSize;
  const mediaSize = addUp(samples, payloads);

  const bytes = new Uint8Array(moofSize + 8 + mediaSize);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, moofSize);
  view.setUint32(4, MOOF);
  view.setUint32(8, MFHD_SIZE);
  view.setUint32(12, MFHD);
  view.setUint32(20, fragment.sequenceNumber);
  view.setUint32(24, trafSize);
  view.setUint32(28, TRAF);
  const tfdtAt = writeTfhdAt(view, 32, tfhdSize, fragment, shape, flagsPerSample);
  view.setUint32(tfdtAt, TFDT_SIZE);
  view.setUint32(tfdtAt + 4, TFDT);
  view.setUint8(tfdtAt + 8, 1);
  view.setUint32(tfdtAt + 12, Math.floor(baseMediaDecodeTime / 0x1_0000_0000));
  view.setUint32(tfdtAt + 16, baseMediaDecodeTime % 0x1_0000_0000);
  writeTrunAt(view, tfdtAt + TFDT_SIZE, trunSize, moofSize + 8, samples, shape, flagsPerSample);
  view.setUint32(moofSize, 8 + mediaSize);
  view.setUint32(moofSize + 4, MDAT);
  let at = moofSize + 8;
  for (const payload of payloads) {
    bytes.set(payload, at);
    at += payload.length;
  }
  return bytes;
}

function addUp(samples: readonly FragmentSample[], payloads: readonly Uint8Array[]): number {
  let declared = 0;
  for (const sample of samples) declared += sample.sizeBytes;
  let present = 0;
  for (const payload of payloads) present += payload.length;
  if (declared !== present)
    throw new RangeError(`samples declare ${declared} bytes, payloads hold ${present}`);
  return present;
}

function writeTfhdAt(
  view: DataView,
  start: number,
  size: number,
  fragment: Fragment,
  shape: FragmentShape,
  flagsPerSample: boolean,
): number {
  const first = fragment.samples[0];
  view.setUint32(start, size);
  view.setUint32(start + 4, TFHD);
  view.setUint32(
    start + 8,
    TFHD_FLAGS.defaultBaseIsMoof |
      (shape.uniformDuration ? TFHD_FLAGS.defaultSampleDuration : 0) |
      (flagsPerSample ? 0 : TFHD_FLAGS.defaultSampleFlags),
  );
  view.setUint32(start + 12, fragment.trackId ?? 1);
  let at = start + 16;
  if (shape.uniformDuration) {
    view.setUint32(at, first?.durationTicks ?? 0);
    at += 4;
  }
  if (!flagsPerSample) {
    view.setUint32(at, shape.onlyFirstIsKeyframe ? NON_SYNC_SAMPLE_FLAGS : flagsOf(first?.keyframe === true));
    at += 4;
  }
  return at;
}

function writeTrunAt(
  view: DataView,
  start: number,
  size: number,
  dataOffset: number,
  samples: readonly FragmentSample[],
  shape: FragmentShape,
  flagsPerSample: boolean,
): void {
  view.setUint32(start, size);
  view.setUint32(start + 4, TRUN);
  view.setUint32(
    start + 8,
    TRUN_FLAGS.dataOffset |
      TRUN_FLAGS.size |
      (shape.uniformDuration ? 0 : TRUN_FLAGS.duration) |
      (flagsPerSample ? TRUN_FLAGS.flags : 0) |
      (shape.onlyFirstIsKeyframe ? TRUN_FLAGS.firstSampleFlags : 0) |
      (shape.hasCompositionOffsets ? TRUN_FLAGS.compositionTimeOffset : 0),
  );
  view.setUint8(start + 8, 1); // version 1: composition offsets are signed
  view.setUint32(start + 12, samples.length);
  view.setInt32(start + 16, dataOffset);
  let at = start + 20;
  if (shape.onlyFirstIsKeyframe) {
    view.setUint32(at, SYNC_SAMPLE_FLAGS);
    at += 4;
  }
  for (const sample of samples) {
    if (!shape.uniformDuration) {
      view.setUint32(at, sample.durationTicks);
      at += 4;
    }
    view.setUint32(at, sample.sizeBytes);
    at += 4;
    if (flagsPerSample) {
      view.setUint32(at, flagsOf(sample.keyframe));
      at += 4;
    }
    if (shape.hasCompositionOffsets) {
      view.setInt32(at, sample.compositionOffsetTicks);
      at += 4;
    }
  }
}

function flagsOf(keyframe: boolean): number {
  return keyframe ? SYNC_SAMPLE_FLAGS : NON_SYNC_SAMPLE_FLAGS;
}
