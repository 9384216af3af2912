/**
 * Offers to send lost sound again (`a=rtcp-fb:<Opus> nack`, RFC 4585 §4.2). Chromium does it when it is negotiated, and does not
 * offer it by itself; a server that cannot ask leaves the line out of its answer.
 */
export function tuneOffer(sdp: string): string {
  const lines = sdp.split(/\r?\n/);
  return lines
    .flatMap((line) => {
      const payloadType = /^a=rtpmap:(\d{1,3}) opus\//i.exec(line)?.[1];
      const nack = `a=rtcp-fb:${payloadType ?? ''} nack`;
      return payloadType === undefined || lines.includes(nack) ? [line] : [line, nack];
    })
    .join('\r\n');
}
