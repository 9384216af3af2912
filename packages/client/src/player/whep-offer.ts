/**
 * Asks for stereo: RFC 7587 §7 has `stereo=1` in the receiver's fmtp, and browsers leave it out of their offers, so that two
 * channels would come out as one. Other codecs' lines stay as they are.
 */
export function askForStereo(sdp: string): string {
  const opus = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2\r?$/gim)].map((match) => match[1]));
  return sdp.replaceAll(/^a=fmtp:(\d+) ([^\r\n]*)/gm, (line, payloadType: string, parameters: string) =>
    opus.has(payloadType) && !/(?:^|;)\s*stereo=/.test(parameters) ? `${line};stereo=1` : line,
  );
}

/** Puts H.264 first, for that is what the server has; the order of the rest stays. */
export function preferH264<Codec extends { readonly mimeType: string }>(codecs: readonly Codec[]): Codec[] {
  const isH264 = ({ mimeType }: Codec): boolean => mimeType.toLowerCase() === 'video/h264';
  return [...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))];
}

/** Whether this browser can play H.264 by WebRTC. */
export function supportsWhep(): boolean {
  if (typeof RTCPeerConnection !== 'function' || typeof RTCRtpReceiver !== 'function') {
    return false;
  }
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs;
  // A browser that does not tell may well be able to: the answer will show it.
  return codecs === undefined || codecs.some(({ mimeType }) => mimeType.toLowerCase() === 'video/h264');
}
