import {
  type Attribute,
  cutAtSpace,
  matching,
  readPayloadType,
  readSsrc,
  unreadable,
  wordsOf,
} from './attribute.ts';
import { type IceCandidate, readCandidate } from './ice-candidate.ts';
import { InheritedAttributes } from './inherited-attributes.ts';
import { SdpError } from './sdp-error.ts';
import { SDP_LIMITS } from './sdp-limits.ts';
import type {
  HeaderExtension,
  MediaSection,
  OtherAttribute,
  Rid,
  RtcpFeedback,
  RtpMap,
  Simulcast,
  SsrcAttribute,
  SsrcGroup,
} from './session-description.ts';
import { RID, readSimulcast } from './simulcast.ts';

/** RFC 5888 §4 says token; RTP's header extension carries it, so it is short. */
const MID = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}$/;

/** Gathers the attributes of one media section. */
export class MediaAttributes {
  readonly #own = new InheritedAttributes();
  readonly #rtpMaps = new Map<number, RtpMap>();
  readonly #formatParameters = new Map<number, string>();
  readonly #rtcpFeedback: RtcpFeedback[] = [];
  readonly #rids: Rid[] = [];
  readonly #ssrcs: SsrcAttribute[] = [];
  readonly #ssrcGroups: SsrcGroup[] = [];
  readonly #candidates: IceCandidate[] = [];
  readonly #others: OtherAttribute[] = [];
  /** `rtcp-mux` and other attributes without a value. */
  readonly #flags = new Set<string>();
  #mid: string | undefined;
  #simulcast: Simulcast | undefined;
  #msid: string | undefined;

  /** Reads an attribute; what we do not know is kept. Throws SdpError. */
  read(attribute: Attribute): void {
    const { name, value = '', line } = attribute;
    if (this.#own.read(attribute)) return;
    switch (name) {
      case 'mid':
        this.#mid = matching(MID, attribute);
        break;
      case 'rtpmap':
        this.#readRtpMap(attribute);
        break;
      case 'fmtp':
        this.#readFormatParameters(attribute);
        break;
      case 'rtcp-fb':
        this.#readFeedback(attribute);
        break;
      case 'rid':
        this.#readRid(attribute);
        break;
      case 'simulcast':
        this.#simulcast = readSimulcast(value, line);
        break;
      case 'ssrc':
        this.#readSsrc(attribute);
        break;
      case 'ssrc-group':
        this.#readSsrcGroup(attribute);
        break;
      case 'candidate': {
        // Read even when it is left out: what is malformed is refused, wherever it stands.
        const candidate = readCandidate(value, line);
        if (this.#candidates.length < SDP_LIMITS.candidates) this.#candidates.push(candidate);
        break;
      }
      case 'msid':
        this.#msid ??= value;
        break;
      case 'end-of-candidates':
      case 'rtcp-mux':
      case 'rtcp-rsize':
      case 'bundle-only':
        this.#flags.add(name);
        break;
      case 'rtcp':
        // Always the same with rtcp-mux; the writer puts it there.
        break;
      default:
        this.#others.push(attribute.value === undefined ? { name } : { name, value });
    }
  }

  /** The section that starts with `m=` and this value, in a session that says `session` for all. Throws SdpError. */
  section(start: string, line: number, session: InheritedAttributes): MediaSection {
    const own = this.#own;
    const iceUfrag = own.iceUfrag ?? session.iceUfrag;
    const icePwd = own.icePwd ?? session.icePwd;
    const fingerprint = own.fingerprint ?? session.fingerprint;
    const setup = own.setup ?? session.setup;
    return {
      ...readStart(start, line),
      ...(this.#mid !== undefined && { mid: this.#mid }),
      direction: own.direction ?? session.direction ?? 'sendrecv',
      rtpMaps: this.#rtpMaps,
      formatParameters: this.#formatParameters,
      rtcpFeedback: this.#rtcpFeedback,
      extensions: mergeExtensions(session.extensions, own.extensions),
      rids: this.#rids,
      ...(this.#simulcast !== undefined && { simulcast: this.#simulcast }),
      ssrcs: this.#ssrcs,
      ssrcGroups: this.#ssrcGroups,
      candidates: this.#candidates,
      endOfCandidates: this.#flags.has('end-of-candidates'),
      ...(iceUfrag !== undefined && { iceUfrag }),
      ...(icePwd !== undefined && { icePwd }),
      ...(fingerprint !== undefined && { fingerprint }),
      ...(setup !== undefined && { setup }),
      rtcpMux: this.#flags.has('rtcp-mux'),
      rtcpReducedSize: this.#flags.has('rtcp-rsize'),
      bundleOnly: this.#flags.has('bundle-only'),
      ...(this.#msid !== undefined && { msid: this.#msid }),
      attributes: this.#others,
    };
  }

  #readRtpMap(attribute: Attribute): void {
    const [payloadType, map = ''] = wordsOf(attribute);
    const [encoding = '', clockText = '', channelText] = map.split('/');
    const clockRate = /^\d{1,9}$/.test(clockText) ? Number(clockText) : 0;
    const channels =
      channelText === undefined ? undefined : /^\d{1,3}$/.test(channelText) ? Number(channelText) : 0;
    if (encoding === '' || encoding.length > 64 || clockRate === 0 || channels === 0)
      throw unreadable(attribute);
    this.#rtpMaps.set(readPayloadType(payloadType ?? '', attribute.line), {
      encoding,
      clockRate,
      ...(channels !== undefined && { channels }),
    });
  }

  #readFormatParameters(attribute: Attribute): void {
    const [format, parameters] = cutAtSpace(attribute);
    // fmtp of protocols without RTP names other formats.
    if (!/^\d{1,3}$/.test(format)) this.#others.push({ name: 'fmtp', value: attribute.value ?? '' });
    else this.#formatParameters.set(readPayloadType(format, attribute.line), parameters);
  }

  #readFeedback(attribute: Attribute): void {
    const [format = '', ...kind] = wordsOf(attribute);
    if (kind.length === 0) throw unreadable(attribute);
    const payloadType = format === '*' ? '*' : readPayloadType(format, attribute.line);
    this.#rtcpFeedback.push({ payloadType, kind: kind.join(' ') });
  }

  #readRid(attribute: Attribute): void {
    const [id = '', direction = '', ...restrictions] = wordsOf(attribute);
    if (!RID.test(id) || (direction !== 'send' && direction !== 'recv')) throw unreadable(attribute);
    if (this.#rids.some((rid) => rid.id === id)) throw new SdpError(`two rids '${id}'`, attribute.line);
    if (this.#rids.length === SDP_LIMITS.rids) {
      throw new SdpError(`more than ${SDP_LIMITS.rids} rids`, attribute.line);
    }
    this.#rids.push({ id, direction, restrictions: restrictions.join(' ') });
  }

  #readSsrc(attribute: Attribute): void {
    const [ssrc, rest] = cutAtSpace(attribute);
    const colon = rest.indexOf(':');
    const name = colon < 0 ? rest : rest.slice(0, colon);
    if (name === '') throw unreadable(attribute);
    this.#ssrcs.push({
      ssrc: readSsrc(ssrc, attribute),
      name,
      value: colon < 0 ? '' : rest.slice(colon + 1),
    });
  }

  #readSsrcGroup(attribute: Attribute): void {
    const [semantics = '', ...ssrcs] = wordsOf(attribute);
    if (!/^[A-Za-z0-9-]{1,32}$/.test(semantics)) throw unreadable(attribute);
    this.#ssrcGroups.push({ semantics, ssrcs: ssrcs.map((ssrc) => readSsrc(ssrc, attribute)) });
  }
}

type SectionStart = Pick<MediaSection, 'kind' | 'port' | 'protocol' | 'formats' | 'payloadTypes'>;

/** Takes what follows `m=` apart (RFC 8866 §5.14). Throws SdpError. */
export function readStart(start: string, line: number): SectionStart {
  const [kind = '', portText = '', protocol = '', ...formats] = start
    .split(' ')
    .filter((word) => word !== '');
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  if (!/^[a-z]{1,32}$/.test(kind) || !(port <= 0xffff) || formats.length === 0) {
    throw new SdpError(`m= cannot be '${start.slice(0, 100)}'`, line);
  }
  const payloadTypes = protocol.includes('RTP/')
    ? formats.map((format) => readPayloadType(format, line))
    : [];
  if (new Set(payloadTypes).size !== payloadTypes.length) {
    throw new SdpError(`a payload type stands twice in '${start.slice(0, 100)}'`, line);
  }
  return { kind, port, protocol, formats, payloadTypes };
}

function mergeExtensions(
  session: readonly HeaderExtension[],
  own: readonly HeaderExtension[],
): readonly HeaderExtension[] {
  return [...session.filter(({ id }) => !own.some((other) => other.id === id)), ...own];
}
