import { type AnswerTransport, transportFields } from './answer-transport.ts';
import type { MediaSection, RtcpFeedback, SessionDescription } from './session-description.ts';

/** RTCP feedback that we send and understand, when the offer has it. */
const FEEDBACK = ['nack', 'nack pli', 'ccm fir', 'transport-cc'];

/** The feedback of ours that the section offers for the payload type (RFC 4585 §4.2: an answer may only take away). */
export function takeFeedback(
  section: MediaSection,
  payloadType: number,
  transportCc: boolean,
): readonly RtcpFeedback[] {
  const offered = new Set(
    section.rtcpFeedback
      .filter((feedback) => feedback.payloadType === payloadType || feedback.payloadType === '*')
      .map(({ kind }) => kind),
  );
  return FEEDBACK.filter((kind) => offered.has(kind) && (kind !== 'transport-cc' || transportCc)).map(
    (kind) => ({
      payloadType,
      kind,
    }),
  );
}

/** A section with nothing in it yet, over our transport. */
export function emptyAnswer(section: MediaSection, transport: AnswerTransport): MediaSection {
  return {
    kind: section.kind,
    port: 9,
    protocol: section.protocol,
    formats: [],
    payloadTypes: [],
    ...(section.mid !== undefined && { mid: section.mid }),
    direction: 'inactive',
    rtpMaps: new Map(),
    formatParameters: new Map(),
    rtcpFeedback: [],
    extensions: [],
    rids: [],
    ssrcs: [],
    ssrcGroups: [],
    candidates: [],
    endOfCandidates: false,
    ...transportFields(transport),
    rtcpMux: true,
    rtcpReducedSize: section.rtcpReducedSize,
    bundleOnly: false,
    attributes: [],
  };
}

/**
 * The whole answer: a section for each one of the offer, in its order (RFC 3264 §6), those without an answer refused with port 0.
 * Our candidates stand in the first that is taken.
 */
export function assembleAnswer(
  offer: SessionDescription,
  transport: AnswerTransport,
  answers: ReadonlyMap<MediaSection, MediaSection>,
): SessionDescription {
  const bundle: string[] = [];
  let placed = false;
  const media = offer.media.map((section): MediaSection => {
    const answer = answers.get(section);
    if (answer === undefined) return refused(section);
    if (section.mid !== undefined && offer.bundle.includes(section.mid)) bundle.push(section.mid);
    if (placed) return answer;
    placed = true;
    return { ...answer, candidates: transport.candidates, endOfCandidates: true };
  });
  return { origin: transport.origin, sessionName: '-', bundle, iceLite: false, attributes: [], media };
}

function refused(section: MediaSection): MediaSection {
  return {
    kind: section.kind,
    port: 0,
    protocol: section.protocol,
    formats: section.formats,
    payloadTypes: section.payloadTypes,
    ...(section.mid !== undefined && { mid: section.mid }),
    direction: 'inactive',
    rtpMaps: new Map(),
    formatParameters: new Map(),
    rtcpFeedback: [],
    extensions: [],
    rids: [],
    ssrcs: [],
    ssrcGroups: [],
    candidates: [],
    endOfCandidates: false,
    rtcpMux: false,
    rtcpReducedSize: false,
    bundleOnly: false,
    attributes: [],
  };
}
