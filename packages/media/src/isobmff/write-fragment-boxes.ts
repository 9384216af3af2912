import { ByteWriter } from '../bytes/byte-writer.ts';
import { type Fragment, fragmentShape } from './fragment.ts';
import { writeMfhd } from './mfhd.ts';
import { NON_SYNC_SAMPLE_FLAGS, SYNC_SAMPLE_FLAGS } from './sample-flags.ts';
import { writeTfdt } from './tfdt.ts';
import { writeTfhd } from './tfhd.ts';
import { writeTrun } from './trun.ts';
import { writeBox } from './write-box.ts';

/**
 * The same bytes as `writeFragment`, box by box: the readable statement of what the fast one must produce, and its
 * oracle in the tests.
 */
export function writeFragmentBoxes(fragment: Fragment): Uint8Array {
  // The data offset is known only after the boxes before it, whose size does not depend on its value.
  const moofSize = writeMoof(fragment, 0).length;
  const writer = new ByteWriter();
  writer.bytes(writeMoof(fragment, moofSize + 8));
  writeBox(writer, 'mdat', () => {
    for (const payload of fragment.payloads) writer.bytes(payload);
  });
  return writer.toBytes();
}

function writeMoof(fragment: Fragment, dataOffset: number): Uint8Array {
  const { samples } = fragment;
  const shape = fragmentShape(samples);
  const first = samples[0];
  const flagsOf = (keyframe: boolean): number => (keyframe ? SYNC_SAMPLE_FLAGS : NON_SYNC_SAMPLE_FLAGS);
  const flagsInTfhd = shape.uniformFlags || shape.onlyFirstIsKeyframe;
  const writer = new ByteWriter();
  writeBox(writer, 'moof', () => {
    writeMfhd(writer, { sequenceNumber: fragment.sequenceNumber });
    writeBox(writer, 'traf', () => {
      writeTfhd(writer, {
        trackId: fragment.trackId ?? 1,
        defaultBaseIsMoof: true,
        ...(shape.uniformDuration && first !== undefined && { defaultSampleDuration: first.durationTicks }),
        ...(flagsInTfhd && {
          defaultSampleFlags: shape.onlyFirstIsKeyframe
            ? NON_SYNC_SAMPLE_FLAGS
            : flagsOf(first?.keyframe === true),
        }),
      });
      writeTfdt(writer, { baseMediaDecodeTime: fragment.baseMediaDecodeTime });
      writeTrun(writer, {
        dataOffset,
        ...(shape.onlyFirstIsKeyframe && { firstSampleFlags: SYNC_SAMPLE_FLAGS }),
        samples: samples.map((sample) => ({
          size: sample.sizeBytes,
          ...(!shape.uniformDuration && { duration: sample.durationTicks }),
          ...(!flagsInTfhd && { flags: flagsOf(sample.keyframe) }),
          ...(shape.hasCompositionOffsets && { compositionTimeOffset: sample.compositionOffsetTicks }),
        })),
      });
    });
  });
  return writer.toBytes();
}
