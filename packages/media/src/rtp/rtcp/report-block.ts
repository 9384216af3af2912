import type { ByteReader } from '../../bytes/byte-reader.ts';
import type { ByteWriter } from '../../bytes/byte-writer.ts';

/** What a receiver says of one source, RFC 3550 §6.4.1. */
export interface ReportBlock {
  /** The source that is spoken of. */
  readonly ssrc: number;
  /** Of the packets since the report before, in 1/256. */
  readonly fractionLost: number;
  /** Packets expected less packets received since the start, 24 bits signed: duplicates make it fall. */
  readonly cumulativeLost: number;
  /** Cycles in the upper, highest sequence number in the lower 16 bits. */
  readonly highestSequence: number;
  /** Interarrival jitter in timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report; 0 when none came. */
  readonly lastSenderReport: number;
  /** Since that report came, in 1/65536 s; 0 when none came. */
  readonly delaySinceLastSenderReport: number;
}

/** Reads `count` blocks; throws EndOfBytesError when they are not all there. */
export function readReportBlocks(reader: ByteReader, count: number): ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let i = 0; i < count; i++) {
    blocks.push({
      ssrc: reader.u32(),
      fractionLost: reader.u8(),
      cumulativeLost: (reader.u24() << 8) >> 8,
      highestSequence: reader.u32(),
      jitter: reader.u32(),
      lastSenderReport: reader.u32(),
      delaySinceLastSenderReport: reader.u32(),
    });
  }
  return blocks;
}

/** Writes the blocks one after the other. */
export function writeReportBlocks(writer: ByteWriter, blocks: readonly ReportBlock[]): void {
  for (const block of blocks) {
    writer
      .u32(block.ssrc)
      .u8(block.fractionLost)
      .u24(block.cumulativeLost & 0xff_ffff)
      .u32(block.highestSequence)
      .u32(block.jitter)
      .u32(block.lastSenderReport)
      .u32(block.delaySinceLastSenderReport);
  }
}
