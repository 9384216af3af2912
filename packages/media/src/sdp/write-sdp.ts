import { writeCandidate } from './ice-candidate.ts';
import { SdpError } from './sdp-error.ts';
import type { MediaSection, OtherAttribute, SessionDescription } from './session-description.ts';
import { writeSimulcast } from './simulcast.ts';

/**
 * Writes a session description, in CRLF lines. `readSdp` gives back what was written. Throws SdpError when a value holds a line
 * break, which would write an attribute nobody meant.
 */
export function writeSdp(description: SessionDescription): string {
  const { origin, sessionName, bundle, iceLite, attributes, media } = description;
  const lines = ['v=0', `o=${origin}`, `s=${sessionName}`, 't=0 0'];
  if (bundle.length > 0) lines.push(`a=group:BUNDLE ${bundle.join(' ')}`);
  if (iceLite) lines.push('a=ice-lite');
  pushOthers(lines, attributes);
  for (const section of media) pushSection(lines, section);
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new SdpError(`a line break in '${line.slice(0, 60)}'`);
  }
  return `${lines.join('\r\n')}\r\n`;
}

function pushSection(lines: string[], section: MediaSection): void {
  lines.push(`m=${section.kind} ${section.port} ${section.protocol} ${section.formats.join(' ')}`);
  // RFC 8829 §5.2.1: the address stands in the candidates.
  lines.push('c=IN IP4 0.0.0.0');
  if (section.protocol.includes('RTP/')) lines.push('a=rtcp:9 IN IP4 0.0.0.0');
  for (const candidate of section.candidates) lines.push(`a=candidate:${writeCandidate(candidate)}`);
  if (section.endOfCandidates) lines.push('a=end-of-candidates');
  pushValue(lines, 'ice-ufrag', section.iceUfrag);
  pushValue(lines, 'ice-pwd', section.icePwd);
  const { fingerprint } = section;
  if (fingerprint !== undefined) lines.push(`a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`);
  pushValue(lines, 'setup', section.setup);
  pushValue(lines, 'mid', section.mid);
  if (section.bundleOnly) lines.push('a=bundle-only');
  for (const { id, uri, direction } of section.extensions) {
    lines.push(`a=extmap:${id}${direction === undefined ? '' : `/${direction}`} ${uri}`);
  }
  lines.push(`a=${section.direction}`);
  pushValue(lines, 'msid', section.msid);
  if (section.rtcpMux) lines.push('a=rtcp-mux');
  if (section.rtcpReducedSize) lines.push('a=rtcp-rsize');
  pushFormats(lines, section);
  for (const { id, direction, restrictions } of section.rids) {
    lines.push(`a=rid:${id} ${direction}${restrictions === '' ? '' : ` ${restrictions}`}`);
  }
  if (section.simulcast !== undefined) lines.push(`a=simulcast:${writeSimulcast(section.simulcast)}`);
  for (const { semantics, ssrcs } of section.ssrcGroups) {
    lines.push(`a=ssrc-group:${[semantics, ...ssrcs].join(' ')}`);
  }
  for (const { ssrc, name, value } of section.ssrcs) {
    lines.push(`a=ssrc:${ssrc} ${name}${value === '' ? '' : `:${value}`}`);
  }
  pushOthers(lines, section.attributes);
}

/** Each payload type with all that is said of it, as browsers write it. */
function pushFormats(lines: string[], section: MediaSection): void {
  const all = section.rtcpFeedback.filter(({ payloadType }) => payloadType === '*');
  for (const { kind } of all) lines.push(`a=rtcp-fb:* ${kind}`);
  const fedBack = section.rtcpFeedback.flatMap(({ payloadType }) =>
    payloadType === '*' ? [] : [payloadType],
  );
  const others = [...section.rtpMaps.keys(), ...section.formatParameters.keys(), ...fedBack];
  for (const payloadType of new Set([...section.payloadTypes, ...others])) {
    const map = section.rtpMaps.get(payloadType);
    if (map !== undefined) {
      const channels = map.channels === undefined ? '' : `/${map.channels}`;
      lines.push(`a=rtpmap:${payloadType} ${map.encoding}/${map.clockRate}${channels}`);
    }
    for (const feedback of section.rtcpFeedback) {
      if (feedback.payloadType === payloadType) lines.push(`a=rtcp-fb:${payloadType} ${feedback.kind}`);
    }
    const parameters = section.formatParameters.get(payloadType);
    if (parameters !== undefined) lines.push(`a=fmtp:${payloadType} ${parameters}`);
  }
}

function pushValue(lines: string[], name: string, value: string | undefined): void {
  if (value !== undefined) lines.push(`a=${name}:${value}`);
}

function pushOthers(lines: string[], attributes: readonly OtherAttribute[]): void {
  for (const { name, value } of attributes)
    lines.push(value === undefined ? `a=${name}` : `a=${name}:${value}`);
}
