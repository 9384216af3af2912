import { assembleAnswer, emptyAnswer, takeFeedback } from './answer-section.ts';
import { type AnswerTransport, nativeOffer } from './answer-transport.ts';
import { H264_PROFILES, h264Profile } from './h264-format.ts';
import { type ExtensionIds, type ExtensionName, takeExtensions } from './header-extensions.ts';
import { checkOffer } from './offer-rules.ts';
import { type OfferedCodec, offeredCodecs } from './offered-codecs.ts';
import { OfferRefusedError } from './sdp-error.ts';
import type { MediaSection, SessionDescription, SsrcAttribute } from './session-description.ts';
import { writeSdp } from './write-sdp.ts';

/** What the child of a viewer's session must know of one track. */
export interface EgressTrack {
  readonly codec: 'h264' | 'opus';
  readonly payloadType: number;
  /** RTP clock, in hertz. */
  readonly clockRate: number;
  readonly mid?: string;
  readonly extensionIds: ExtensionIds;
  /** `a=rtcp-fb` of the answer: which feedback the viewer sends. */
  readonly feedback: readonly string[];
}

/** What names our streams to a viewer. */
export interface EgressStreams {
  /** Of the RTCP source description; the same for both tracks, so that the viewer plays them in sync (RFC 7022). */
  readonly cname: string;
  /** Id of the MediaStream that both tracks are in: letters, digits and hyphens. */
  readonly streamId: string;
  readonly videoSsrc: number;
  readonly audioSsrc: number;
}

/** What an offer of a viewer comes to. */
export interface EgressNegotiation {
  readonly video?: EgressTrack;
  readonly audio?: EgressTrack;
  /** The pseudo-offer for the native library: the video section, or else the audio section, alone, with one payload type. */
  readonly nativeOffer: string;
  /** The answer for the viewer. */
  answer(transport: AnswerTransport, streams: EgressStreams): string;
}

const TAKES: ReadonlySet<MediaSection['direction']> = new Set(['recvonly', 'sendrecv'] as const);
const EXTENSIONS: readonly ExtensionName[] = ['transportCc', 'mid', 'playoutDelay'];

/**
 * Decides what we send to a viewer: H.264 in packetization-mode 1, behind the payload type of our own profile or the next that includes it,
 * and Opus. `codecString` is that of the best rendition, such as `avc1.64001f`; undefined while none is known. A viewer that asks for a
 * picture must take H.264. Throws OfferRefusedError.
 */
export function negotiateEgress(
  offer: SessionDescription,
  codecString: string | undefined,
): EgressNegotiation {
  const sections = checkOffer(offer, TAKES);
  const h264 = sections.video && chooseH264(sections.video, codecString);
  const opus = sections.audio && offeredCodecs(sections.audio).find(({ codec }) => codec === 'opus');
  const taken: { readonly section: MediaSection; readonly track: EgressTrack }[] = [];
  const video = sections.video && h264 && track(sections.video, h264, 'h264');
  const audio = sections.audio && opus && track(sections.audio, opus, 'opus');
  if (sections.video && video) taken.push({ section: sections.video, track: video });
  if (sections.audio && audio) taken.push({ section: sections.audio, track: audio });
  const [main] = taken;
  if (main === undefined) throw new OfferRefusedError("no Opus among the sound's codecs");
  return {
    ...(video !== undefined && { video }),
    ...(audio !== undefined && { audio }),
    nativeOffer: writeSdp(nativeOffer(offer, sections.transport, onlyCodec(main.section, main.track))),
    answer: (transport, streams) =>
      writeSdp(
        assembleAnswer(
          offer,
          transport,
          new Map(
            taken.map(({ section, track: each }) => [
              section,
              answerSection(section, each, transport, streams),
            ]),
          ),
        ),
      ),
  };
}

function chooseH264(section: MediaSection, codecString: string | undefined): OfferedCodec {
  const ours =
    codecString === undefined ? 0 : H264_PROFILES.indexOf(h264Profile(codecString.slice('avc1.'.length)));
  // The same profile, then those that include it, then the nearest below: browsers play `high` behind a payload type of a lesser one, too.
  const rank = ({ h264 }: OfferedCodec): number => {
    const theirs = H264_PROFILES.indexOf(h264?.profile ?? 'other');
    return theirs >= ours ? theirs - ours : 10 + ours - theirs;
  };
  const [chosen] = offeredCodecs(section)
    .filter(({ h264 }) => h264?.packetizationMode === 1)
    .sort((a, b) => rank(a) - rank(b));
  if (chosen === undefined) {
    throw new OfferRefusedError("no H.264 with packetization-mode=1 among the picture's codecs");
  }
  return chosen;
}

function track(section: MediaSection, codec: OfferedCodec, name: EgressTrack['codec']): EgressTrack {
  const { ids } = takeExtensions(section, EXTENSIONS);
  return {
    codec: name,
    payloadType: codec.payloadType,
    clockRate: codec.clockRate,
    ...(section.mid !== undefined && { mid: section.mid }),
    extensionIds: ids,
    feedback: takeFeedback(section, codec.payloadType, ids.transportCc !== undefined).map(({ kind }) => kind),
  };
}

function answerSection(
  section: MediaSection,
  track: EgressTrack,
  transport: AnswerTransport,
  streams: EgressStreams,
): MediaSection {
  const { cname, streamId } = streams;
  const ssrc = track.codec === 'h264' ? streams.videoSsrc : streams.audioSsrc;
  const msid = `${streamId} ${streamId}-${section.kind}`;
  const ssrcs: readonly SsrcAttribute[] = [
    { ssrc, name: 'cname', value: cname },
    { ssrc, name: 'msid', value: msid },
  ];
  return {
    ...onlyCodec({ ...emptyAnswer(section, transport), rtpMaps: section.rtpMaps }, track),
    direction: 'sendonly',
    formatParameters: new Map([[track.payloadType, formatParameters(section, track)]]),
    rtcpFeedback: takeFeedback(section, track.payloadType, track.extensionIds.transportCc !== undefined),
    extensions: takeExtensions(section, EXTENSIONS).extensions,
    msid,
    ssrcs,
  };
}

/** The section with the payload type of the track alone. */
function onlyCodec(section: MediaSection, { payloadType }: EgressTrack): MediaSection {
  const map = section.rtpMaps.get(payloadType);
  const parameters = section.formatParameters.get(payloadType);
  return {
    ...section,
    payloadTypes: [payloadType],
    formats: [String(payloadType)],
    rtpMaps: map === undefined ? new Map() : new Map([[payloadType, map]]),
    formatParameters: parameters === undefined ? new Map() : new Map([[payloadType, parameters]]),
    rtcpFeedback: section.rtcpFeedback.filter((feedback) => feedback.payloadType === payloadType),
    ssrcs: [],
    ssrcGroups: [],
  };
}

function formatParameters(section: MediaSection, track: EgressTrack): string {
  // Our stereo needs saying: a receiver may mix down what is not announced (RFC 7587 §6.1).
  if (track.codec === 'opus') return 'minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1';
  return section.formatParameters.get(track.payloadType) ?? 'packetization-mode=1';
}
