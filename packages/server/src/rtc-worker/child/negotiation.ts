import { readAnswerTransport } from '@tallylight/media/sdp/answer-transport.ts';
import { hostCandidate, type IceCandidate } from '@tallylight/media/sdp/ice-candidate.ts';
import { readSdp } from '@tallylight/media/sdp/read-sdp.ts';
import { SdpError } from '@tallylight/media/sdp/sdp-error.ts';
import type { MediaSection, SessionDescription } from '@tallylight/media/sdp/session-description.ts';
import { writeSdp } from '@tallylight/media/sdp/write-sdp.ts';
import { RtcRefusedError } from '../rtc-gateway.ts';
import type { SessionAnswer } from './child-session.ts';
import type { Peer, PeerEnvironment } from './peer.ts';

/** Runs what reads or judges an offer: an SdpError of it becomes a refusal with the same words. */
export function judgingOffer<Result>(judge: () => Result): Result {
  try {
    return judge();
  } catch (error) {
    if (error instanceof SdpError) throw new RtcRefusedError('bad-offer', error.message);
    throw error;
  }
}

/** Reads an offer. Throws RtcRefusedError that says where it is wrong. */
export function readOffer(text: string): SessionDescription {
  return judgingOffer(() => readSdp(text));
}

/** Candidates of ours for an answer, best first. */
export function ownCandidates(environment: Pick<PeerEnvironment, 'addresses' | 'port'>): IceCandidate[] {
  return environment.addresses().map((address, rank) => hostCandidate(address, environment.port, rank));
}

/** What an offer with media comes to: `negotiateIngest` and `negotiateEgress` give it. */
export interface MediaNegotiation {
  /** The offer that the native library gets to see. */
  readonly nativeOffer: string;
  answer(transport: ReturnType<typeof readAnswerTransport>): string;
}

/** Gives the offer to the native library, and builds our answer from what it says of itself. Throws RtcRefusedError. */
export function answerMedia(
  negotiation: MediaNegotiation,
  peer: Peer,
  environment: PeerEnvironment,
): SessionAnswer {
  const native = peer.answer(negotiation.nativeOffer);
  const transport = readAnswerTransport(native, ownCandidates(environment));
  return { answer: negotiation.answer(transport), iceUfrag: transport.iceUfrag };
}

/** Answers a probe: an offer whose only use is a data channel. Throws RtcRefusedError. */
export function answerProbe(text: string, peer: Peer, environment: PeerEnvironment): SessionAnswer {
  const offer = readOffer(text);
  const [section] = offer.media;
  if (section?.kind !== 'application' || offer.media.length !== 1) {
    throw new RtcRefusedError('bad-offer', 'a probe has one data channel and no media');
  }
  if (section.setup === 'passive') {
    throw new RtcRefusedError('bad-offer', 'a=setup:passive: actpass or active is needed');
  }
  const plain: MediaSection = { ...section, candidates: [], setup: 'active' };
  const native = peer.answer(writeSdp({ ...offer, media: [plain] }));
  const { iceUfrag } = readAnswerTransport(native, []);
  const answer = readSdp(native);
  const candidates = ownCandidates(environment);
  const media = answer.media.map((own) => ({ ...own, candidates, endOfCandidates: true }));
  return { answer: writeSdp({ ...answer, media }), iceUfrag };
}
