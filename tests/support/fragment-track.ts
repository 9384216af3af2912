import { type ReadSample, readFragments } from '@tallylight/media/isobmff/read-fragment.ts';
import { type ReadInitTrack, readInitSection } from '@tallylight/media/isobmff/read-init-section.ts';

/** A sample without its bytes. */
export type SampleTiming = Pick<ReadSample, 'dts' | 'pts' | 'durationTicks' | 'keyframe'>;

/** What a part or segment holds; not its bytes, of which an hour would be too many. */
export interface PartMedia {
  readonly timescale: number;
  /** baseMediaDecodeTime of its first fragment. */
  readonly startTicks: number;
  readonly durationTicks: number;
  readonly samples: readonly SampleTiming[];
}

/** Reads the parts of one track with the init section in force. */
export class FragmentTrack {
  #init: ReadInitTrack | undefined;

  /** The only track of the init section in force. */
  get init(): ReadInitTrack {
    if (this.#init === undefined) throw new Error('no init section yet');
    return this.#init;
  }

  /** Takes the init section of the parts that follow. Throws unless it has exactly one track. */
  setInit(bytes: Uint8Array): void {
    const tracks = readInitSection(bytes);
    if (tracks.length !== 1) throw new Error(`${tracks.length} tracks in an init section`);
    this.#init = tracks[0];
  }

  /** Reads a part, or a whole segment. Throws when it is empty, or torn within. */
  read(bytes: Buffer): PartMedia {
    const { timescale, trex } = this.init;
    const fragments = readFragments(bytes, trex);
    const samples = fragments
      .flatMap((fragment) => fragment.samples)
      .map(({ dts, pts, durationTicks, keyframe }) => ({ dts, pts, durationTicks, keyframe }));
    const [first] = samples;
    if (first === undefined) throw new Error('a part without samples');
    let endTicks = first.dts;
    for (const sample of samples) {
      if (sample.dts !== endTicks)
        throw new Error(`a sample at ${sample.dts} after one that ends at ${endTicks}`);
      endTicks += sample.durationTicks;
    }
    return { timescale, startTicks: first.dts, durationTicks: endTicks - first.dts, samples };
  }
}
