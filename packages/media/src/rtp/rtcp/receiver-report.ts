import { ByteReader } from '../../bytes/byte-reader.ts';
import { RTCP_TYPE } from './packet-type.ts';
import { type ReportBlock, readReportBlocks, writeReportBlocks } from './report-block.ts';
import { finishRtcp, startRtcp } from './rtcp-header.ts';

/** RR, RFC 3550 §6.4.2. */
export interface ReceiverReport {
  readonly type: 'receiver-report';
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

/** Reads what follows the RTCP header. Throws EndOfBytesError. */
export function readReceiverReport(body: Uint8Array, count: number): ReceiverReport {
  const reader = new ByteReader(body);
  return { type: 'receiver-report', ssrc: reader.u32(), reports: readReportBlocks(reader, count) };
}

/** One RR packet; without reports it is what a reduced compound starts with. Throws RtpError for more than 31 blocks. */
export function writeReceiverReport(report: Omit<ReceiverReport, 'type'>): Uint8Array {
  const writer = startRtcp(RTCP_TYPE.receiverReport, report.reports.length).u32(report.ssrc);
  writeReportBlocks(writer, report.reports);
  return finishRtcp(writer);
}
