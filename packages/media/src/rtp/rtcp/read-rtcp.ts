import { RtpError, readingRtp } from '../rtp-error.ts';
import { type Bye, readBye } from './bye.ts';
import { type Fir, readFir } from './fir.ts';
import { type Nack, readNack } from './nack.ts';
import { RTCP_FORMAT, RTCP_TYPE } from './packet-type.ts';
import { type Pli, readPli } from './pli.ts';
import { type ReceiverReport, readReceiverReport } from './receiver-report.ts';
import { type Remb, readRemb } from './remb.ts';
import { RTCP_HEADER_BYTES } from './rtcp-header.ts';
import { readSenderReport, type SenderReport } from './sender-report.ts';
import { readSourceDescription, type SourceDescription } from './source-description.ts';
import {
  countStatuses,
  MAX_STATUSES,
  readTransportFeedback,
  type TransportFeedback,
} from './transport-feedback.ts';

/** An RTCP packet of a kind that we do not use. */
export interface OtherRtcp {
  readonly type: 'other';
  readonly packetType: number;
  /** The five bits of count or format. */
  readonly count: number;
}

/** Any packet of a compound. */
export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Bye
  | Nack
  | Pli
  | Fir
  | Remb
  | TransportFeedback
  | OtherRtcp;

/** Longest compound that is read: peers keep to the path's MTU. Bounds what one datagram makes us allocate. */
export const MAX_RTCP_BYTES = 4096;

/**
 * The packets of a compound, or of a reduced-size one (RFC 5506). Throws RtpError; nothing of a broken compound is given.
 *
 * `maxStatuses`: packets that all transport-wide feedback in it may tell of together; what goes beyond is given as 'other', unread.
 * Few bytes of it make much work. 0 for who does not use it. Default 2048.
 */
export function readRtcp(
  bytes: Uint8Array,
  { maxStatuses = MAX_STATUSES }: { readonly maxStatuses?: number } = {},
): RtcpPacket[] {
  if (bytes.length > MAX_RTCP_BYTES) throw new RtpError(`RTCP: ${bytes.length} bytes`);
  const packets: RtcpPacket[] = [];
  let statuses = 0;
  let at = 0;
  while (at < bytes.length) {
    const left = bytes.length - at;
    if (left < RTCP_HEADER_BYTES) throw new RtpError(`RTCP: ${left} bytes where a header belongs`);
    const first = bytes[at] ?? 0;
    const packetType = bytes[at + 1] ?? 0;
    const size = ((((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) + 1) * 4;
    if (first >> 6 !== 2) throw new RtpError(`RTCP: version ${first >> 6}`);
    if (size > left) throw new RtpError(`RTCP ${packetType}: ${size} bytes, ${left} left`);
    let end = at + size;
    if ((first & 0x20) !== 0) {
      const padding = bytes[end - 1] ?? 0;
      if (padding === 0 || padding > size - RTCP_HEADER_BYTES) {
        throw new RtpError(`RTCP ${packetType}: ${padding} bytes of padding in ${size}`);
      }
      end -= padding;
    }
    const body = bytes.subarray(at + RTCP_HEADER_BYTES, end);
    const count = first & 31;
    at += size;
    if (packetType === RTCP_TYPE.transportFeedback && count === RTCP_FORMAT.transportWide) {
      statuses += countStatuses(body);
      if (statuses > maxStatuses) {
        packets.push({ type: 'other', packetType, count });
        continue;
      }
    }
    packets.push(readingRtp(`RTCP ${packetType}`, () => readOne(packetType, count, body)));
  }
  return packets;
}

function readOne(packetType: number, count: number, body: Uint8Array): RtcpPacket {
  switch (packetType) {
    case RTCP_TYPE.senderReport:
      return readSenderReport(body, count);
    case RTCP_TYPE.receiverReport:
      return readReceiverReport(body, count);
    case RTCP_TYPE.sourceDescription:
      return readSourceDescription(body, count);
    case RTCP_TYPE.bye:
      return readBye(body, count);
    case RTCP_TYPE.transportFeedback:
      if (count === RTCP_FORMAT.nack) return readNack(body);
      if (count === RTCP_FORMAT.transportWide) return readTransportFeedback(body);
      break;
    case RTCP_TYPE.payloadFeedback:
      if (count === RTCP_FORMAT.pli) return readPli(body);
      if (count === RTCP_FORMAT.fir) return readFir(body);
      if (count === RTCP_FORMAT.application) return readRemb(body) ?? { type: 'other', packetType, count };
      break;
  }
  return { type: 'other', packetType, count };
}
