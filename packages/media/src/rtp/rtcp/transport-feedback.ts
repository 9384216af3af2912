import { ByteReader } from '../../bytes/byte-reader.ts';
import { RtpError } from '../rtp-error.ts';
import { readStatuses, STATUS, writeStatuses } from './packet-status.ts';
import { RTCP_FORMAT, RTCP_TYPE } from './packet-type.ts';
import { finishRtcp, startRtcp } from './rtcp-header.ts';

/** Transport-wide feedback, draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1: when each packet came. */
export interface TransportFeedback {
  readonly type: 'transport-feedback';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** Transport-wide sequence number, 16 bits, of the first entry of `arrivalsMs`. */
  readonly baseSequence: number;
  /** Counts the feedback packets, eight bits. */
  readonly feedbackCount: number;
  /**
   * One entry for each packet from `baseSequence` on: when it came, on the receiver's clock, in milliseconds with steps of 0.25;
   * undefined when it did not come. The clock wraps at 2^24 × 64 ms (12 days): only differences mean anything.
   */
  readonly arrivalsMs: readonly (number | undefined)[];
}

/** As many packets as `SentHistory` remembers: 0.8 s of 25 Mbit/s, which is told ten times a second. Two bytes say so many "missing". */
export const MAX_STATUSES = 2048;
/** Where the count of packets stands in what follows the RTCP header. */
const COUNT_AT = 10;

/** Reference time unit, in milliseconds, and the unit of the deltas (§3.1 and §3.1.5). */
const REFERENCE_MS = 64;
const TICKS_PER_MS = 4;
/** Range of a large or negative delta, in ticks. */
const MAX_DELTA = 0x7fff;

/** Packets that a feedback tells of, without reading it, from what follows the RTCP header; 0 when it is too short. */
export function countStatuses(body: Uint8Array): number {
  return ((body[COUNT_AT] ?? 0) << 8) | (body[COUNT_AT + 1] ?? 0);
}

/** Reads what follows the RTCP header. Throws EndOfBytesError and RtpError. */
export function readTransportFeedback(body: Uint8Array): TransportFeedback {
  const reader = new ByteReader(body);
  const senderSsrc = reader.u32();
  const mediaSsrc = reader.u32();
  const baseSequence = reader.u16();
  const count = reader.u16();
  if (count === 0 || count > MAX_STATUSES) throw new RtpError(`transport feedback: ${count} packets`);
  let ticks = ((reader.u24() << 8) >> 8) * REFERENCE_MS * TICKS_PER_MS;
  const feedbackCount = reader.u8();
  const statuses = readStatuses(reader, count);
  const arrivalsMs: (number | undefined)[] = [];
  for (const status of statuses) {
    if (status === STATUS.missing) {
      arrivalsMs.push(undefined);
      continue;
    }
    if (status === STATUS.reserved) throw new RtpError('transport feedback: packet status 3');
    ticks += status === STATUS.small ? reader.u8() : reader.i16();
    arrivalsMs.push(ticks / TICKS_PER_MS);
  }
  return { type: 'transport-feedback', senderSsrc, mediaSsrc, baseSequence, feedbackCount, arrivalsMs };
}

/**
 * One feedback packet. Arrivals are rounded to 0.25 ms; at least one must be there. Throws RtpError when two in a row lie further
 * apart than a delta can say (8.19 s), which the caller avoids by making two packets.
 */
export function writeTransportFeedback(feedback: Omit<TransportFeedback, 'type'>): Uint8Array {
  const { arrivalsMs } = feedback;
  const first = arrivalsMs.find((arrival) => arrival !== undefined);
  if (first === undefined || arrivalsMs.length > MAX_STATUSES) {
    throw new RtpError(`transport feedback: ${arrivalsMs.length} packets, the first at ${first} ms`);
  }
  const reference = Math.floor(Math.round(first * TICKS_PER_MS) / (REFERENCE_MS * TICKS_PER_MS));
  let ticks = reference * REFERENCE_MS * TICKS_PER_MS;
  const deltas: number[] = [];
  const statuses = new Uint8Array(arrivalsMs.length);
  for (let i = 0; i < arrivalsMs.length; i++) {
    const arrival = arrivalsMs[i];
    if (arrival === undefined) continue;
    const at = Math.round(arrival * TICKS_PER_MS);
    const delta = at - ticks;
    if (delta > MAX_DELTA || delta < -MAX_DELTA - 1) throw new RtpError(`transport feedback: delta ${delta}`);
    statuses[i] = delta >= 0 && delta <= 0xff ? STATUS.small : STATUS.large;
    deltas.push(delta);
    ticks = at;
  }
  const writer = startRtcp(RTCP_TYPE.transportFeedback, RTCP_FORMAT.transportWide);
  writer.u32(feedback.senderSsrc).u32(feedback.mediaSsrc);
  writer.u16(feedback.baseSequence).u16(arrivalsMs.length);
  writer.u24(reference & 0xff_ffff).u8(feedback.feedbackCount & 0xff);
  writeStatuses(writer, statuses);
  for (const delta of deltas) {
    if (delta >= 0 && delta <= 0xff) writer.u8(delta);
    else writer.i16(delta);
  }
  return finishRtcp(writer);
}
