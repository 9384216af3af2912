/** What an RTP packet of video carries at most, in bytes. The native library forbids fragments of datagrams. */
export const PACKET_PAYLOAD = {
  /** With 24 bytes of header, 16 of SRTP tag, 8 of UDP and 40 of IPv6 it makes 1278: what every IPv6 path carries (RFC 8200 §5). */
  base: 1190,
  /**
   * The same makes 1484, and 1487 where a probe is rounded up: below the 1492 of PPPoE (RFC 2516 §7), with room for the header of a TURN
   * channel (RFC 8656 §12.4).
   */
  large: 1396,
} as const;

/** The header in front of it at most, with all extensions that we send. */
export const PACKET_HEADER_BYTES = 24;
