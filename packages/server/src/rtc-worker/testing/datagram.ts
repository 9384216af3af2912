import { isRtcp } from '@tallylight/media/rtp/rtp-packet.ts';
import { isSrtp } from './is-srtp.ts';

/** True for RTP, and not for SRTCP on the same port (RFC 5761 §4). */
export function isSecureRtp(datagram: Buffer): boolean {
  return isSrtp(datagram) && !isRtcp(datagram);
}

/** True for SRTCP, whose first eight bytes are those of RTCP (RFC 3711 §3.4). */
export function isSecureRtcp(datagram: Buffer): boolean {
  return isSrtp(datagram) && isRtcp(datagram);
}

/** True for DTLS (RFC 7983 §7). */
export function isDtls([first = 0]: Uint8Array): boolean {
  return first >= 20 && first <= 63;
}

/** True for the success response to a binding request (RFC 8489 §5). */
export function isStunSuccess(datagram: Buffer): boolean {
  return datagram.length >= 20 && datagram.readUInt16BE(0) === 0x0101;
}

/** The datagram with one bit changed, in the byte at `at`; a negative one counts from the end. */
export function withBitFlipped(datagram: Buffer, at: number): Buffer {
  const changed = Buffer.from(datagram);
  const index = at < 0 ? changed.length + at : at;
  changed[index] = (changed[index] ?? 0) ^ 1;
  return changed;
}
