import { ByteReader } from '../../bytes/byte-reader.ts';
import type { NtpTime } from '../ntp-time.ts';
import { RTCP_TYPE } from './packet-type.ts';
import { type ReportBlock, readReportBlocks, writeReportBlocks } from './report-block.ts';
import { finishRtcp, startRtcp } from './rtcp-header.ts';

/** SR, RFC 3550 §6.4.1: one instant on the sender's wall clock and on the media clock of a source. */
export interface SenderReport {
  readonly type: 'sender-report';
  readonly ssrc: number;
  readonly ntp: NtpTime;
  /** The same instant in units of the RTP timestamp. */
  readonly rtpTimestamp: number;
  /** Since the start, modulo 2^32. */
  readonly packetCount: number;
  /** Payload bytes since the start, modulo 2^32. */
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

/** Reads what follows the RTCP header. Throws EndOfBytesError. */
export function readSenderReport(body: Uint8Array, count: number): SenderReport {
  const reader = new ByteReader(body);
  return {
    type: 'sender-report',
    ssrc: reader.u32(),
    ntp: { seconds: reader.u32(), fraction: reader.u32() },
    rtpTimestamp: reader.u32(),
    packetCount: reader.u32(),
    octetCount: reader.u32(),
    reports: readReportBlocks(reader, count),
  };
}

/** One SR packet. Throws RtpError for more than 31 report blocks. */
export function writeSenderReport(report: Omit<SenderReport, 'type'>): Uint8Array {
  const writer = startRtcp(RTCP_TYPE.senderReport, report.reports.length);
  writer.u32(report.ssrc).u32(report.ntp.seconds).u32(report.ntp.fraction).u32(report.rtpTimestamp);
  writer.u32(report.packetCount).u32(report.octetCount);
  writeReportBlocks(writer, report.reports);
  return finishRtcp(writer);
}
