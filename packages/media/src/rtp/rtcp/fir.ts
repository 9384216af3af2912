import { ByteReader } from '../../bytes/byte-reader.ts';
import { RTCP_FORMAT, RTCP_TYPE } from './packet-type.ts';
import { finishRtcp, startRtcp } from './rtcp-header.ts';

/** Full intra request, RFC 5104 §4.3.1. */
export interface Fir {
  readonly type: 'fir';
  readonly senderSsrc: number;
  readonly requests: readonly {
    /** The source that shall send a keyframe. */
    readonly ssrc: number;
    /** Eight bits; the same number is the same request, sent again. */
    readonly sequence: number;
  }[];
}

/** Reads what follows the RTCP header; the media SSRC there is 0 and unused (§4.3.1.2). Throws EndOfBytesError. */
export function readFir(body: Uint8Array): Fir {
  const reader = new ByteReader(body);
  const senderSsrc = reader.u32();
  reader.skip(4);
  const requests: { ssrc: number; sequence: number }[] = [];
  while (reader.remaining > 0) {
    requests.push({ ssrc: reader.u32(), sequence: reader.u8() });
    reader.skip(3);
  }
  return { type: 'fir', senderSsrc, requests };
}

/** One FIR packet. */
export function writeFir(fir: Omit<Fir, 'type'>): Uint8Array {
  const writer = startRtcp(RTCP_TYPE.payloadFeedback, RTCP_FORMAT.fir).u32(fir.senderSsrc).u32(0);
  for (const { ssrc, sequence } of fir.requests) writer.u32(ssrc).u8(sequence).zeros(3);
  return finishRtcp(writer);
}
