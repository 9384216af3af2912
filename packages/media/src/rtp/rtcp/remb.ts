import { ByteReader } from '../../bytes/byte-reader.ts';

/** Receiver estimated maximum bitrate, draft-alvestrand-rmcat-remb-03 §2.2; older receivers send it. */
export interface Remb {
  readonly type: 'remb';
  readonly senderSsrc: number;
  /** For all the sources together. */
  readonly bitrateBps: number;
  readonly ssrcs: readonly number[];
}

const IDENTIFIER = 'REMB';

/** Reads what follows the RTCP header; undefined for another application's message (RFC 4585 §6.4). Throws EndOfBytesError. */
export function readRemb(body: Uint8Array): Remb | undefined {
  const reader = new ByteReader(body);
  const senderSsrc = reader.u32();
  reader.skip(4);
  if (reader.remaining < 8 || reader.latin1(4) !== IDENTIFIER) return undefined;
  const count = reader.u8();
  const rate = reader.u24();
  const bitrateBps = (rate & 0x3_ffff) * 2 ** (rate >> 18);
  const ssrcs: number[] = [];
  for (let i = 0; i < count; i++) ssrcs.push(reader.u32());
  return { type: 'remb', senderSsrc, bitrateBps, ssrcs };
}
