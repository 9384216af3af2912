import type { IceCandidate } from './ice-candidate.ts';
import { readSdp } from './read-sdp.ts';
import { SdpError } from './sdp-error.ts';
import type { Fingerprint, MediaSection, SessionDescription } from './session-description.ts';

/** ICE and DTLS of our side of a session, for its answer. */
export interface AnswerTransport {
  /** Value of `o=`. */
  readonly origin: string;
  readonly iceUfrag: string;
  readonly icePwd: string;
  readonly fingerprint: Fingerprint;
  /** Our part of the DTLS handshake: passive, unless the client insists on that part. */
  readonly setup: 'active' | 'passive';
  /** Where the client reaches us; the first is tried first. */
  readonly candidates: readonly IceCandidate[];
}

/** Takes the transport out of the description that the native library made of itself, with candidates of ours. Throws SdpError. */
export function readAnswerTransport(
  nativeDescription: string,
  candidates: readonly IceCandidate[],
): AnswerTransport {
  const { origin, media } = readSdp(nativeDescription);
  const { iceUfrag, icePwd, fingerprint, setup } = media[0] ?? {};
  if (iceUfrag === undefined || icePwd === undefined || fingerprint === undefined) {
    throw new SdpError('a description of ours without ICE and DTLS parameters');
  }
  const part = setup === 'active' ? setup : 'passive';
  return { origin, iceUfrag, icePwd, fingerprint, setup: part, candidates };
}

/** What a section of an answer says of the transport. */
export function transportFields(
  transport: AnswerTransport,
): Pick<MediaSection, 'iceUfrag' | 'icePwd' | 'fingerprint' | 'setup'> {
  const { iceUfrag, icePwd, fingerprint, setup } = transport;
  return { iceUfrag, icePwd, fingerprint, setup };
}

/**
 * The offer as the native library is given it: one section, with the transport of the client and without its candidates.
 * One, because with two tracks the library drops what has an SSRC that is not announced (simulcast), and looks into RTCP for it;
 * with one it passes everything on. No candidates, because they race the DTLS handshake there, and would aim our STUN checks at hosts
 * that the client chose. `active` makes the library wait for the client's DTLS: it is the one behind a NAT. Only a client that offers
 * nothing but `passive`, as FFmpeg does, gets a library that begins.
 */
export function nativeOffer(
  offer: SessionDescription,
  transport: MediaSection,
  section: MediaSection,
): SessionDescription {
  const { iceUfrag, icePwd, fingerprint } = transport;
  const {
    iceUfrag: _ufrag,
    icePwd: _pwd,
    fingerprint: _fingerprint,
    simulcast: _simulcast,
    ...rest
  } = section;
  const mid = section.mid ?? '0';
  const only: MediaSection = {
    ...rest,
    port: 9,
    mid,
    bundleOnly: false,
    candidates: [],
    endOfCandidates: false,
    rids: [],
    attributes: [],
    setup: transport.setup === 'passive' ? 'passive' : 'active',
    ...(iceUfrag !== undefined && { iceUfrag }),
    ...(icePwd !== undefined && { icePwd }),
    ...(fingerprint !== undefined && { fingerprint }),
  };
  return {
    origin: offer.origin,
    sessionName: '-',
    bundle: [mid],
    iceLite: false,
    attributes: [],
    media: [only],
  };
}
