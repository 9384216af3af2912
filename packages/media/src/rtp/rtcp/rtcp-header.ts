import { ByteWriter } from '../../bytes/byte-writer.ts';
import { RtpError } from '../rtp-error.ts';

/** Bytes of the header that every RTCP packet starts with. */
export const RTCP_HEADER_BYTES = 4;

/** A writer that starts with an RTCP header; `finishRtcp` puts the length in. `count` is the five-bit count or format. */
export function startRtcp(packetType: number, count: number): ByteWriter {
  if (count > 31) throw new RtpError(`RTCP ${packetType}: ${count} items`);
  return new ByteWriter(64)
    .u8(0x80 | count)
    .u8(packetType)
    .u16(0);
}

/** Pads with zeros to 32 bits and writes the length in words, less one (RFC 3550 §6.4.1). */
export function finishRtcp(writer: ByteWriter): Uint8Array {
  writer.zeros((4 - (writer.length % 4)) % 4);
  const bytes = writer.toBytes();
  const words = bytes.length / 4 - 1;
  bytes[2] = words >> 8;
  bytes[3] = words & 0xff;
  return bytes;
}
