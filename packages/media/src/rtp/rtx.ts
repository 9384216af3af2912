import type { RtpPacket } from './rtp-packet.ts';

/**
 * The packet that a retransmission carries, RFC 4588 §4: its sequence number stands in front of the payload; payload type and SSRC
 * are those of the stream that it repairs. Undefined for packets that carry none, as senders use to probe.
 */
export function unwrapRtx(
  packet: RtpPacket,
  original: { readonly payloadType: number; readonly ssrc: number },
): RtpPacket | undefined {
  const { payload } = packet;
  if (payload.length < 2) return undefined;
  return {
    payloadType: original.payloadType,
    marker: packet.marker,
    sequence: ((payload[0] ?? 0) << 8) | (payload[1] ?? 0),
    timestamp: packet.timestamp,
    ssrc: original.ssrc,
    extensions: packet.extensions,
    payload: payload.subarray(2),
  };
}
