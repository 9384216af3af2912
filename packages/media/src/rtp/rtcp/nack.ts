import { ByteReader } from '../../bytes/byte-reader.ts';
import { RTCP_FORMAT, RTCP_TYPE } from './packet-type.ts';
import { finishRtcp, startRtcp } from './rtcp-header.ts';

/** Generic NACK, RFC 4585 §6.2.1: packets that did not come. */
export interface Nack {
  readonly type: 'nack';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** 16-bit sequence numbers, in the order of the packet. */
  readonly sequences: readonly number[];
}

/** Reads what follows the RTCP header. Throws EndOfBytesError. */
export function readNack(body: Uint8Array): Nack {
  const reader = new ByteReader(body);
  const senderSsrc = reader.u32();
  const mediaSsrc = reader.u32();
  const sequences: number[] = [];
  while (reader.remaining > 0) {
    const first = reader.u16();
    let mask = reader.u16();
    sequences.push(first);
    for (let next = first + 1; mask !== 0; next++, mask >>= 1) {
      if ((mask & 1) !== 0) sequences.push(next & 0xffff);
    }
  }
  return { type: 'nack', senderSsrc, mediaSsrc, sequences };
}

/** One NACK packet; `sequences` should rise (modulo 2^16), so that up to 17 share an entry. */
export function writeNack(nack: Omit<Nack, 'type'>): Uint8Array {
  const writer = startRtcp(RTCP_TYPE.transportFeedback, RTCP_FORMAT.nack);
  writer.u32(nack.senderSsrc).u32(nack.mediaSsrc);
  let first = -1;
  let mask = 0;
  for (const sequence of nack.sequences) {
    const ahead = (sequence - first) & 0xffff;
    if (first >= 0 && ahead >= 1 && ahead <= 16) {
      mask |= 1 << (ahead - 1);
      continue;
    }
    if (first >= 0) writer.u16(first).u16(mask);
    first = sequence;
    mask = 0;
  }
  if (first >= 0) writer.u16(first).u16(mask);
  return finishRtcp(writer);
}
