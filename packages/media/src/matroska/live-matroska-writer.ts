import { concat } from '../bytes/concat.ts';
import { ebmlElement, ebmlId, ebmlOpenElement, ebmlSize, ebmlString, ebmlUnsigned } from './ebml.ts';
import { ELEMENT } from './element-ids.ts';
import { type MatroskaTrack, trackEntry } from './track-entry.ts';

/** What a `LiveMatroskaWriter` needs to know before its first byte. */
export interface LiveMatroskaOptions {
  /** Tracks in order: the first has number 1. 1…126 of them. */
  readonly tracks: readonly MatroskaTrack[];
  /** Nanoseconds of one timestamp unit (RFC 9559 §5.1.2.9). Default 1 000 000 (1 ms); 100 000 suits RTP's 90 kHz better. */
  readonly timestampScaleNs?: number;
  /** Longest cluster, in timestamp units; at most 32 767, for a block's offset has 16 signed bits. Default 2000. */
  readonly maxClusterUnits?: number;
}

/** One frame to write. */
export interface MatroskaBlock {
  /** Track number, from 1. */
  readonly track: number;
  /** Presentation time in timestamp units, an integer ≥ 0. Blocks come in decode order. */
  readonly timestamp: number;
  readonly keyframe: boolean;
  /** The frame as the codec mapping has it: length-prefixed NAL units for AVC and HEVC, a raw frame for the others. */
  readonly payload: Uint8Array;
}

const MAX_TRACKS = 126;
const MAX_BLOCK_OFFSET = 0x7fff;

/**
 * Writes Matroska that nobody needs to seek in: Segment and Clusters of unknown size, no Cues (RFC 9559 §23.2 "livestreaming").
 * Pure: every method returns bytes for the caller to send in order.
 */
export class LiveMatroskaWriter {
  readonly #options: LiveMatroskaOptions;
  readonly #maxClusterUnits: number;
  #clusterStart: number | undefined;

  /** Throws RangeError for no tracks, too many, or a cluster longer than 16 bits. */
  constructor(options: LiveMatroskaOptions) {
    const count = options.tracks.length;
    if (count < 1 || count > MAX_TRACKS)
      throw new RangeError(`Matroska needs 1…${MAX_TRACKS} tracks, got ${count}`);
    this.#options = options;
    this.#maxClusterUnits = options.maxClusterUnits ?? 2000;
    if (this.#maxClusterUnits > MAX_BLOCK_OFFSET) {
      throw new RangeError(`a cluster spans at most ${MAX_BLOCK_OFFSET} units, got ${this.#maxClusterUnits}`);
    }
  }

  /** EBML header, the opened Segment, Info and Tracks: the first bytes of the file. */
  header(): Uint8Array {
    const scale = this.#options.timestampScaleNs ?? 1_000_000;
    return concat([
      ebmlElement(
        ELEMENT.EBML,
        ebmlUnsigned(ELEMENT.EBMLVersion, 1),
        ebmlUnsigned(ELEMENT.EBMLReadVersion, 1),
        ebmlUnsigned(ELEMENT.EBMLMaxIDLength, 4),
        ebmlUnsigned(ELEMENT.EBMLMaxSizeLength, 8),
        ebmlString(ELEMENT.DocType, 'matroska'),
        ebmlUnsigned(ELEMENT.DocTypeVersion, 4),
        ebmlUnsigned(ELEMENT.DocTypeReadVersion, 2),
      ),
      ebmlOpenElement(ELEMENT.Segment),
      ebmlElement(
        ELEMENT.Info,
        ebmlUnsigned(ELEMENT.TimestampScale, scale),
        ebmlString(ELEMENT.MuxingApp, 'tallylight'),
        ebmlString(ELEMENT.WritingApp, 'tallylight'),
      ),
      ebmlElement(
        ELEMENT.Tracks,
        ...this.#options.tracks.map((track, index) => trackEntry(index + 1, track)),
      ),
    ]);
  }

  /**
   * A frame as a SimpleBlock (RFC 9559 §10.3), with a new Cluster before it when one is due: at a video keyframe, and before an offset
   * exceeds the cluster's span. Pieces for a gathering write; the payload is not copied. Throws RangeError for an unknown
   * track or a timestamp that is not an integer ≥ 0.
   */
  block(block: MatroskaBlock): Uint8Array[] {
    const track = this.#options.tracks[block.track - 1];
    if (track === undefined) throw new RangeError(`Matroska track ${block.track} is unknown`);
    if (!Number.isSafeInteger(block.timestamp) || block.timestamp < 0) {
      throw new RangeError(`Matroska timestamp must be an integer ≥ 0, got ${block.timestamp}`);
    }
    const pieces: Uint8Array[] = [];
    let offset = block.timestamp - (this.#clusterStart ?? 0);
    const startsCluster = block.keyframe && track.kind === 'video';
    if (this.#clusterStart === undefined || startsCluster || Math.abs(offset) > this.#maxClusterUnits) {
      this.#clusterStart = block.timestamp;
      offset = 0;
      pieces.push(ebmlOpenElement(ELEMENT.Cluster), ebmlUnsigned(ELEMENT.Timestamp, block.timestamp));
    }
    const head = Uint8Array.of(0x80 | block.track, offset >> 8, offset, block.keyframe ? 0x80 : 0);
    pieces.push(
      ebmlId(ELEMENT.SimpleBlock),
      ebmlSize(head.length + block.payload.length),
      head,
      block.payload,
    );
    return pieces;
  }
}
