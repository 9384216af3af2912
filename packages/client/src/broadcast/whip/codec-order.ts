/** What the order looks at; a subset of the DOM's `RTCRtpCodec`. */
export interface OrderedCodec {
  readonly mimeType: string;
  readonly sdpFmtpLine?: string;
}

/**
 * H.264 first, because the server passes it through to HLS players; among its profiles constrained baseline with packetization
 * mode 1, which every encoder has and no decoder refuses. Then VP8. RTX and FEC stay behind in their order.
 */
export function inPreferredOrder<Codec extends OrderedCodec>(codecs: readonly Codec[]): Codec[] {
  return codecs.toSorted((a, b) => rank(a) - rank(b));
}

function rank(codec: OrderedCodec): number {
  const parameters = codec.sdpFmtpLine?.toLowerCase() ?? '';
  switch (codec.mimeType.toLowerCase()) {
    case 'video/h264':
      return (
        (parameters.includes('packetization-mode=1') ? 0 : 4) +
        (parameters.includes('profile-level-id=42e0')
          ? 0
          : parameters.includes('profile-level-id=42')
            ? 1
            : 2)
      );
    case 'video/vp8':
      return 10;
    case 'video/rtx':
    case 'video/red':
    case 'video/ulpfec':
    case 'video/flexfec-03':
      return 30;
    default:
      return 20;
  }
}
