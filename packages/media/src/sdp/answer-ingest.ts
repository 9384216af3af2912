import { assembleAnswer, emptyAnswer, takeFeedback } from './answer-section.ts';
import { type AnswerTransport, nativeOffer } from './answer-transport.ts';
import { writeFormatParameters } from './format-parameters.ts';
import { H264_PROFILES, raiseLevel, readH264ParameterSets } from './h264-format.ts';
import { type ExtensionIds, type ExtensionName, takeExtensions } from './header-extensions.ts';
import { checkOffer } from './offer-rules.ts';
import { type OfferedCodec, offeredCodecs } from './offered-codecs.ts';
import { checkPublisher } from './publisher-rules.ts';
import { OfferRefusedError } from './sdp-error.ts';
import type { MediaSection, Rid, RtpMap, SessionDescription } from './session-description.ts';
import { writeSdp } from './write-sdp.ts';

/** What the child of a publisher's session must know of one track. */
export interface IngestTrack extends OfferedCodec {
  readonly mid?: string;
  readonly extensionIds: ExtensionIds;
  /** Layers of a simulcast, as the publisher ordered them; empty without simulcast. */
  readonly rids: readonly string[];
  /** `a=rtcp-fb` of the answer: which feedback the publisher understands, such as `nack` and `ccm fir`. */
  readonly feedback: readonly string[];
  /** H.264: SPS and PPS NAL units that stand in the offer; a publisher may leave them out of the stream. */
  readonly parameterSets: readonly Uint8Array[];
}

/** What an offer of a publisher comes to. */
export interface IngestNegotiation {
  readonly video?: IngestTrack;
  readonly audio?: IngestTrack;
  /** The pseudo-offer for the native library: the video section, or else the audio section, alone. */
  readonly nativeOffer: string;
  /** The answer for the publisher. */
  answer(transport: AnswerTransport): string;
}

/** More layers than that nobody sends; further ones are not taken. */
const MAX_LAYERS = 4;
/** 4.2 carries 1080p at 60 frames a second. Encoders hold to the level of the answer: 3.1, as browsers offer it, ends at 720p30. */
const H264_LEVEL_IDC = 42;
/** Kilobits a second. Chromium starts there instead of at 300, and finds its bitrate within 5 s instead of 30 s. */
const START_BITRATE_KBPS = '2000';
/** Bits a second: music in stereo. Browsers' default is speech in mono at 32,000. */
const OPUS_BITRATE_BPS = '128000';
/** RFC 3551 §6: payload types above it mean nothing by themselves. */
const LAST_STATIC_TYPE = 34;
const SENDS: ReadonlySet<MediaSection['direction']> = new Set(['sendonly', 'sendrecv'] as const);
const VIDEO_EXTENSIONS: readonly ExtensionName[] = ['transportCc', 'mid', 'rid', 'repairedRid'];
const AUDIO_EXTENSIONS: readonly ExtensionName[] = ['transportCc', 'mid'];

/**
 * Decides what we take of a publisher's offer: H.264 rather than VP8, packetization-mode 1 and the plainest profile first; Opus. An offer is
 * taken with all its sound and picture or not at all (RFC 9725 §4.4); sections of other kinds are answered with port 0. Throws
 * OfferRefusedError.
 */
export function negotiateIngest(offer: SessionDescription): IngestNegotiation {
  const sections = checkOffer(offer, SENDS);
  checkPublisher(offer);
  const video = sections.video && track(sections.video, chooseVideo(sections.video), VIDEO_EXTENSIONS);
  const audio = sections.audio && track(sections.audio, chooseAudio(sections.audio), AUDIO_EXTENSIONS);
  const main = sections.video ?? sections.audio;
  const mainTrack = video ?? audio;
  if (main === undefined || mainTrack === undefined) throw new TypeError('a checked offer has a section');
  return {
    ...(video !== undefined && { video }),
    ...(audio !== undefined && { audio }),
    nativeOffer: writeSdp(nativeOffer(offer, sections.transport, onlyCodec(main, mainTrack))),
    answer: (transport) => {
      const answers = new Map<MediaSection, MediaSection>();
      if (sections.video && video)
        answers.set(sections.video, answerSection(sections.video, video, transport));
      if (sections.audio && audio)
        answers.set(sections.audio, answerSection(sections.audio, audio, transport));
      return writeSdp(assembleAnswer(offer, transport, answers));
    },
  };
}

function chooseVideo(section: MediaSection): OfferedCodec {
  const codecs = offeredCodecs(section);
  const rank = ({ h264 }: OfferedCodec): number =>
    (h264?.packetizationMode === 1 ? 0 : 100) + H264_PROFILES.indexOf(h264?.profile ?? 'other');
  // Mode 2 interleaves: RFC 6184 §6.4. Nobody sends it.
  const [h264] = codecs
    .filter((each) => each.codec === 'h264' && (each.h264?.packetizationMode ?? 0) <= 1)
    .sort((a, b) => rank(a) - rank(b));
  const chosen = h264 ?? codecs.find(({ codec }) => codec === 'vp8');
  if (chosen === undefined) {
    throw new OfferRefusedError(`neither H.264 nor VP8 among the picture's codecs: ${namesOf(section)}`);
  }
  return chosen;
}

function chooseAudio(section: MediaSection): OfferedCodec {
  const opus = offeredCodecs(section).find(({ codec }) => codec === 'opus');
  if (opus === undefined) {
    throw new OfferRefusedError(`no Opus among the sound's codecs: ${namesOf(section)}`);
  }
  return opus;
}

function track(section: MediaSection, codec: OfferedCodec, wanted: readonly ExtensionName[]): IngestTrack {
  const { ids } = takeExtensions(section, wanted);
  const layers = section.simulcast?.send ?? [];
  const known = new Set(section.rids.filter(({ direction }) => direction === 'send').map(({ id }) => id));
  const rids =
    ids.rid === undefined ? [] : layers.flatMap(({ rids: [rid = ''] }) => (known.has(rid) ? [rid] : []));
  return {
    ...codec,
    ...(section.mid !== undefined && { mid: section.mid }),
    extensionIds: ids,
    rids: [...new Set(rids)].slice(0, MAX_LAYERS),
    feedback: takeFeedback(section, codec.payloadType, ids.transportCc !== undefined).map(({ kind }) => kind),
    parameterSets:
      codec.codec === 'h264' ? readH264ParameterSets(section.formatParameters.get(codec.payloadType)) : [],
  };
}

function answerSection(section: MediaSection, track: IngestTrack, transport: AnswerTransport): MediaSection {
  const wanted = track.codec === 'opus' ? AUDIO_EXTENSIONS : VIDEO_EXTENSIONS;
  const rids = track.rids.map((id): Rid => ({ id, direction: 'recv', restrictions: '' }));
  return {
    ...onlyCodec({ ...emptyAnswer(section, transport), rtpMaps: section.rtpMaps }, track),
    direction: 'recvonly',
    formatParameters: formatParameters(section, track),
    rtcpFeedback: takeFeedback(section, track.payloadType, track.extensionIds.transportCc !== undefined),
    extensions: takeExtensions(section, wanted).extensions,
    rids,
    ...(rids.length > 0 && {
      simulcast: { send: [], recv: rids.map(({ id }) => ({ rids: [id], paused: false })) },
    }),
  };
}

/** The section with the payload types of the track alone. */
function onlyCodec(section: MediaSection, track: IngestTrack): MediaSection {
  const { payloadType, rtxPayloadType } = track;
  const payloadTypes = rtxPayloadType === undefined ? [payloadType] : [payloadType, rtxPayloadType];
  const keep = <T>(map: ReadonlyMap<number, T>): Map<number, T> =>
    new Map([...map].filter(([key]) => payloadTypes.includes(key)));
  return {
    ...section,
    payloadTypes,
    formats: payloadTypes.map(String),
    rtpMaps: keep<RtpMap>(section.rtpMaps),
    formatParameters: keep<string>(section.formatParameters),
    rtcpFeedback: section.rtcpFeedback.filter((feedback) => feedback.payloadType === payloadType),
  };
}

function formatParameters(section: MediaSection, track: IngestTrack): ReadonlyMap<number, string> {
  const { payloadType, rtxPayloadType, codec, h264 } = track;
  const parameters = new Map<string, string>();
  if (codec === 'opus') {
    parameters.set('minptime', '10').set('useinbandfec', '1');
    parameters.set('stereo', '1').set('maxaveragebitrate', OPUS_BITRATE_BPS);
  } else {
    if (h264 !== undefined) {
      const { packetizationMode, profileLevelId, levelAsymmetryAllowed } = h264;
      // RFC 6184 §8.2.2: without asymmetry the level of the answer is that of the offer.
      if (levelAsymmetryAllowed) parameters.set('level-asymmetry-allowed', '1');
      parameters.set('packetization-mode', String(packetizationMode));
      parameters.set(
        'profile-level-id',
        levelAsymmetryAllowed ? raiseLevel(profileLevelId, H264_LEVEL_IDC) : profileLevelId,
      );
    }
    parameters.set('x-google-start-bitrate', START_BITRATE_KBPS);
  }
  const all = new Map([[payloadType, writeFormatParameters(parameters)]]);
  if (rtxPayloadType !== undefined) {
    all.set(rtxPayloadType, section.formatParameters.get(rtxPayloadType) ?? `apt=${payloadType}`);
  }
  return all;
}

function namesOf(section: MediaSection): string {
  const names = section.payloadTypes.flatMap((type) => {
    const name = section.rtpMaps.get(type)?.encoding.slice(0, 20);
    // RFC 3551 §6: the payload types of old, such as 0 for PCMU, need no name.
    return name ?? (type <= LAST_STATIC_TYPE ? `payload type ${type}` : []);
  });
  return [...new Set(names)].slice(0, 10).join(', ') || 'none';
}
