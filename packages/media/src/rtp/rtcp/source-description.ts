import { ByteReader } from '../../bytes/byte-reader.ts';
import { RTCP_TYPE } from './packet-type.ts';
import { finishRtcp, startRtcp } from './rtcp-header.ts';

/** SDES, RFC 3550 §6.5; only the canonical names are kept. */
export interface SourceDescription {
  readonly type: 'source-description';
  readonly sources: readonly { readonly ssrc: number; readonly cname?: string }[];
}

const CNAME = 1;

/** Reads what follows the RTCP header. Throws EndOfBytesError. */
export function readSourceDescription(body: Uint8Array, count: number): SourceDescription {
  const reader = new ByteReader(body);
  const sources: { ssrc: number; cname?: string }[] = [];
  for (let i = 0; i < count; i++) {
    const ssrc = reader.u32();
    let cname: string | undefined;
    for (let item = reader.u8(); item !== 0; item = reader.u8()) {
      const text = reader.bytes(reader.u8());
      if (item === CNAME) cname = new TextDecoder().decode(text);
    }
    // A chunk ends on a 32-bit boundary (§6.5); `body` starts on one.
    reader.skip((4 - (reader.position % 4)) % 4);
    sources.push({ ssrc, ...(cname !== undefined && { cname }) });
  }
  return { type: 'source-description', sources };
}

/** One SDES packet that names one source. `cname` is at most 255 bytes of UTF-8. */
export function writeSourceDescription(source: {
  readonly ssrc: number;
  readonly cname: string;
}): Uint8Array {
  const name = new TextEncoder().encode(source.cname).subarray(0, 255);
  const writer = startRtcp(RTCP_TYPE.sourceDescription, 1).u32(source.ssrc);
  return finishRtcp(writer.u8(CNAME).u8(name.length).bytes(name).u8(0));
}
