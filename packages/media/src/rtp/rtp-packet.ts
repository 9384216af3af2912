import { extensionsSize, noExtensions, readExtensions, writeExtensions } from './header-extensions.ts';
import { RtpError } from './rtp-error.ts';

/** One RTP packet, RFC 3550 §5.1. Contributing sources are skipped: no mixer stands between a browser and us. */
export interface RtpPacket {
  /** 0…127 */
  readonly payloadType: number;
  readonly marker: boolean;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, unsigned. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** By local id (`a=extmap`); the one-byte and the two-byte form of RFC 8285. */
  readonly extensions: ReadonlyMap<number, Uint8Array>;
  /** Without padding; empty for packets that only probe. */
  readonly payload: Uint8Array;
}

/** The fixed header. */
const HEADER_BYTES = 12;

/** Reads one packet; extensions and payload are views of `bytes`. Throws RtpError. */
export function readRtpPacket(bytes: Uint8Array): RtpPacket {
  if (bytes.length < HEADER_BYTES) throw new RtpError(`RTP: ${bytes.length} bytes`);
  const first = bytes[0] ?? 0;
  const second = bytes[1] ?? 0;
  if (first >> 6 !== 2) throw new RtpError(`RTP: version ${first >> 6}`);
  let start = HEADER_BYTES + (first & 15) * 4;
  let end = bytes.length;
  let extensions = noExtensions();
  if ((first & 0x10) !== 0) {
    if (start + 4 > end) throw new RtpError(`RTP: header of ${start + 4} bytes in a packet of ${end}`);
    const words = u16(bytes, start + 2);
    const from = start + 4;
    start = from + words * 4;
    if (start > end)
      throw new RtpError(`RTP: header extension of ${words} words in a packet of ${end} bytes`);
    extensions = readExtensions(u16(bytes, from - 4), bytes.subarray(from, start));
  }
  if (start > end) throw new RtpError(`RTP: header of ${start} bytes in a packet of ${end}`);
  if ((first & 0x20) !== 0) {
    // The last byte counts the padding, itself included (§5.1).
    const padding = start === end ? 0 : (bytes[end - 1] ?? 0);
    if (padding === 0 || padding > end - start) {
      throw new RtpError(`RTP: ${padding} bytes of padding where ${end - start} are left`);
    }
    end -= padding;
  }
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequence: u16(bytes, 2),
    timestamp: u32(bytes, 4),
    ssrc: u32(bytes, 8),
    extensions,
    payload: bytes.subarray(start, end),
  };
}

/** Writes a packet without padding. Throws RtpError for extensions that no form can carry. */
export function writeRtpPacket(packet: RtpPacket): Uint8Array {
  const extensionSize = extensionsSize(packet.extensions);
  const bytes = new Uint8Array(HEADER_BYTES + extensionSize + packet.payload.length);
  bytes[0] = 0x80 | (extensionSize > 0 ? 0x10 : 0);
  bytes[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType & 0x7f);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, packet.sequence);
  view.setUint32(4, packet.timestamp);
  view.setUint32(8, packet.ssrc);
  writeExtensions(packet.extensions, bytes, HEADER_BYTES);
  bytes.set(packet.payload, HEADER_BYTES + extensionSize);
  return bytes;
}

/** True for RTCP on a port that carries both: packet types 192…223, RFC 5761 §4. */
export function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return bytes.length >= 4 && type >= 192 && type <= 223;
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
}
