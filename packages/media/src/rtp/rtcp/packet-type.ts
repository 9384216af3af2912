/** RTCP packet types: RFC 3550 §12.1, RFC 4585 §6.1. */
export const RTCP_TYPE = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  bye: 203,
  /** Transport layer feedback. */
  transportFeedback: 205,
  /** Payload-specific feedback. */
  payloadFeedback: 206,
} as const;

/** FMT of feedback packets: RFC 4585 §6.2 and §6.3, RFC 5104 §4.3.1, transport-wide congestion control draft §3.1. */
export const RTCP_FORMAT = { nack: 1, transportWide: 15, pli: 1, fir: 4, application: 15 } as const;
