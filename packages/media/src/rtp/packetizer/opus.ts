import { RtpError } from '../rtp-error.ts';
import { MAX_RTP_PACKET_BYTES, RTP_HEADROOM_BYTES } from './packet-size.ts';

/**
 * The RTP payload of one Opus packet (RFC 7587 §4.2): the packet as it is, in one RTP packet, which cannot be divided. Throws RtpError for
 * an empty one, and for one that no packet holds: above 450 kbit/s in frames of 20 ms.
 */
export function packetizeOpus(
  packet: Uint8Array,
  maxPayloadBytes: number = MAX_RTP_PACKET_BYTES - RTP_HEADROOM_BYTES,
): Uint8Array {
  if (packet.length === 0 || packet.length > maxPayloadBytes) {
    throw new RtpError(`Opus: a packet of ${packet.length} bytes, ${maxPayloadBytes} at most`);
  }
  return packet;
}
