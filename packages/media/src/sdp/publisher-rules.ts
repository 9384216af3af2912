import { isOpen } from './offer-rules.ts';
import { OfferRefusedError } from './sdp-error.ts';
import type { SessionDescription } from './session-description.ts';

/**
 * Refuses an offer that only a part of could be taken of, because its publisher would not hear of that (RFC 9725 §4.4): audio or video that
 * only wants to receive, and tracks of more than one MediaStream. Sections with port 0 and inactive ones are left alone: their publisher
 * has nothing to send there. Throws OfferRefusedError.
 */
export function checkPublisher(offer: SessionDescription): void {
  const sections = offer.media.filter(
    (section) => (section.kind === 'audio' || section.kind === 'video') && isOpen(section),
  );
  const sending = sections.filter(({ direction }) => direction === 'sendonly' || direction === 'sendrecv');
  const receiving = sections.find(({ direction }) => direction === 'recvonly');
  if (sending.length > 0 && receiving !== undefined) {
    // RFC 9725 §4.2: recvonly MUST NOT be used.
    throw new OfferRefusedError(
      `${receiving.kind} is recvonly: what a publisher offers must be sendonly or sendrecv`,
    );
  }
  const streams = new Set(sending.flatMap(({ msid }) => streamOf(msid) ?? []));
  if (streams.size > 1) {
    const names = [...streams].map((name) => `'${name.slice(0, 40)}'`).join(' and ');
    throw new OfferRefusedError(`a=msid names the MediaStreams ${names}: all tracks must be in one`);
  }
}

/** The MediaStream of an `a=msid`; undefined where none is named: RFC 8830 §2 writes `-`, and OBS Studio nothing. */
function streamOf(msid: string | undefined): string | undefined {
  const [stream = ''] = (msid ?? '').trim().split(' ');
  return stream === '' || stream === '-' ? undefined : stream;
}
