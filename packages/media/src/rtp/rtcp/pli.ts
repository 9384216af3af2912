import { ByteReader } from '../../bytes/byte-reader.ts';
import { RTCP_FORMAT, RTCP_TYPE } from './packet-type.ts';
import { finishRtcp, startRtcp } from './rtcp-header.ts';

/** Picture loss indication, RFC 4585 §6.3.1: send something that can be decoded without what was lost. */
export interface Pli {
  readonly type: 'pli';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
}

/** Reads what follows the RTCP header. Throws EndOfBytesError. */
export function readPli(body: Uint8Array): Pli {
  const reader = new ByteReader(body);
  return { type: 'pli', senderSsrc: reader.u32(), mediaSsrc: reader.u32() };
}

/** One PLI packet. */
export function writePli(pli: Omit<Pli, 'type'>): Uint8Array {
  const writer = startRtcp(RTCP_TYPE.payloadFeedback, RTCP_FORMAT.pli);
  return finishRtcp(writer.u32(pli.senderSsrc).u32(pli.mediaSsrc));
}
