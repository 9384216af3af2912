import { OfferRefusedError } from './sdp-error.ts';
import type { MediaSection, SessionDescription } from './session-description.ts';

/** The sections of an offer that we may answer, after everything around them was checked. */
export interface OfferedSections {
  readonly audio?: MediaSection;
  readonly video?: MediaSection;
  /** The section whose ICE and DTLS parameters count for all (RFC 8843 §7). */
  readonly transport: MediaSection;
}

/**
 * Checks what every offer of WHIP and WHEP must be: at most one audio and one video section, in one BUNDLE group, with ICE and DTLS
 * parameters, RTCP on the same port, and a client that opens DTLS itself (RFC 9725 §4.2). `flows` are the directions in which a section
 * gives or takes what we want; other sections are left out. Throws OfferRefusedError.
 */
export function checkOffer(
  offer: SessionDescription,
  flows: ReadonlySet<MediaSection['direction']>,
): OfferedSections {
  const audio = onlySection(offer, 'audio', flows);
  const video = onlySection(offer, 'video', flows);
  const taken = [audio, video].filter((section) => section !== undefined);
  const [first] = taken;
  if (first === undefined) {
    const seen = offer.media.map(({ kind, direction }) => `${kind} ${direction}`).join(', ');
    throw new OfferRefusedError(
      `no audio or video section that is ${[...flows].join(' or ')}; offered: ${seen || 'nothing'}`,
    );
  }
  for (const section of taken) {
    if (section.protocol !== 'UDP/TLS/RTP/SAVPF' && section.protocol !== 'TCP/TLS/RTP/SAVPF') {
      throw new OfferRefusedError(`${section.kind} over ${section.protocol}: UDP/TLS/RTP/SAVPF is needed`);
    }
    if (!section.rtcpMux) throw new OfferRefusedError(`${section.kind} without a=rtcp-mux`);
    const bundled = section.mid !== undefined && offer.bundle.includes(section.mid);
    if (taken.length > 1 && !bundled) {
      throw new OfferRefusedError(`audio and video must be in one BUNDLE group; ${section.kind} is in none`);
    }
  }
  const tagged = offer.bundle.includes(first.mid ?? '') ? offer.bundle[0] : undefined;
  const transport = offer.media.find(({ mid }) => mid !== undefined && mid === tagged) ?? first;
  if (transport.iceUfrag === undefined || transport.icePwd === undefined) {
    throw new OfferRefusedError('no a=ice-ufrag and a=ice-pwd');
  }
  if (transport.fingerprint === undefined) throw new OfferRefusedError('no a=fingerprint');
  if (transport.setup === undefined || transport.setup === 'holdconn') {
    throw new OfferRefusedError(
      `a=setup:${transport.setup ?? '(none)'}: actpass, active or passive is needed`,
    );
  }
  return { ...(audio !== undefined && { audio }), ...(video !== undefined && { video }), transport };
}

/** RFC 8843 §6: port 0 refuses a section unless it is bundle-only. */
export function isOpen({ port, bundleOnly }: MediaSection): boolean {
  return port !== 0 || bundleOnly;
}

function onlySection(
  offer: SessionDescription,
  kind: 'audio' | 'video',
  flows: ReadonlySet<MediaSection['direction']>,
): MediaSection | undefined {
  const sections = offer.media.filter((section) => section.kind === kind && isOpen(section));
  if (sections.length > 1) {
    throw new OfferRefusedError(
      `${sections.length} ${kind} sections: one audio and one video section are taken`,
    );
  }
  const [section] = sections;
  return section !== undefined && flows.has(section.direction) ? section : undefined;
}
