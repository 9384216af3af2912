/** True for SRTP, and for SRTCP; not for STUN and DTLS (RFC 7983 §7). */
export function isSrtp(datagram: Uint8Array): boolean {
  const first = datagram[0] ?? 0;
  return first >= 128 && first <= 191;
}
