/** A part: the unit of publication, whole `moof` + `mdat` pairs. */
export interface Part {
  readonly durationSec: number;
  /** Begins with an IDR picture, or is audio. */
  readonly independent: boolean;
  /** EXT-X-PART GAP=YES: there is no media for this stretch of time. */
  readonly gap: boolean;
  /** Empty for a gap. */
  readonly bytes: Uint8Array;
}

/** What is known of a segment when it begins. */
export interface SegmentOpening {
  readonly msn: number;
  /** EXT-X-DISCONTINUITY before it. */
  readonly discontinuity: boolean;
  /** Its discontinuity sequence number, its own tag counted (rfc8216bis §4.4.3.3). */
  readonly discontinuitySequence: number;
  readonly programDateTimeMs: number;
  /** File name of its init section. */
  readonly initName: string;
}

/** A segment of one rendition: its parts, the same bytes. Mutable until complete. */
export interface Segment extends SegmentOpening {
  readonly parts: Part[];
  durationSec: number;
  complete: boolean;
  /** Listed as EXT-X-GAP: it stands for time before the stream began. */
  readonly gap: boolean;
}

/** Bytes of a segment. */
export function segmentBytes(segment: Segment): number {
  return segment.parts.reduce((sum, part) => sum + part.bytes.byteLength, 0);
}
