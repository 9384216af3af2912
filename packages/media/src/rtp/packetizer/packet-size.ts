/**
 * An RTP packet at most, header included, in bytes. With SRTP, UDP and IPv6 around it it stays below the 1,280 bytes that every IPv6 path
 * carries (RFC 8200 §5); nothing on the way needs to fragment it.
 */
export const MAX_RTP_PACKET_BYTES = 1200;

/** Room in that for the fixed header and a few header extensions. */
export const RTP_HEADROOM_BYTES = 40;

/** A payload limit below that makes no sense: headers would outweigh what they carry. */
export const MIN_PAYLOAD_BYTES = 100;
