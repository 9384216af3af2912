import type { IceCandidate } from './ice-candidate.ts';

/** Which way media flows, seen from the side that wrote the description (RFC 8866 §6.7). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** Who opens the DTLS connection (RFC 8842 §5.3): `passive` waits. */
export type Setup = 'actpass' | 'active' | 'passive' | 'holdconn';

/** Digest of a DTLS certificate (RFC 8122 §5). */
export interface Fingerprint {
  /** In lower case: `sha-256`. */
  readonly algorithm: string;
  /** Upper-case hexadecimal bytes with colons between them. */
  readonly value: string;
}

/** What a payload type means: `a=rtpmap` (RFC 8866 §6.6). */
export interface RtpMap {
  /** As it was written: `H264`, `opus`; compared without regard to case. */
  readonly encoding: string;
  /** RTP clock, in hertz. */
  readonly clockRate: number;
  /** Audio only; absent means 1. */
  readonly channels?: number;
}

/** `a=rtcp-fb` (RFC 4585 §4.2). */
export interface RtcpFeedback {
  /** `*` is every payload type of the section. */
  readonly payloadType: number | '*';
  /** The kind and its parameter: `nack`, `nack pli`, `ccm fir`, `transport-cc`. */
  readonly kind: string;
}

/** A negotiated RTP header extension: `a=extmap` (RFC 8285 §5). */
export interface HeaderExtension {
  /** 1 to 14 fits the one-byte form. */
  readonly id: number;
  readonly uri: string;
  readonly direction?: Direction;
}

/** `a=rid`: names one encoding of a section (RFC 8851 §4). */
export interface Rid {
  readonly id: string;
  readonly direction: 'send' | 'recv';
  /** Restrictions as they were written, such as `max-width=1280;max-fps=30`; empty when there are none. */
  readonly restrictions: string;
}

/** One layer of `a=simulcast`. */
export interface SimulcastLayer {
  /** The first is preferred; more are alternatives of each other. */
  readonly rids: readonly string[];
  /** True when a `~` says that the layer starts paused. */
  readonly paused: boolean;
}

/** `a=simulcast` (RFC 8853 §5.1): the layers of each direction, best first by convention. */
export interface Simulcast {
  readonly send: readonly SimulcastLayer[];
  readonly recv: readonly SimulcastLayer[];
}

/** `a=ssrc` (RFC 5576 §4.1). */
export interface SsrcAttribute {
  readonly ssrc: number;
  /** `cname`, `msid`, … */
  readonly name: string;
  /** Empty when there is none. */
  readonly value: string;
}

/** `a=ssrc-group` (RFC 5576 §4.2): `FID` pairs a stream with its RTX stream. */
export interface SsrcGroup {
  readonly semantics: string;
  readonly ssrcs: readonly number[];
}

/** An attribute that has no field of its own. */
export interface OtherAttribute {
  readonly name: string;
  /** Absent for a property attribute such as `a=bundle-only`. */
  readonly value?: string;
}

/** Media of one kind over one transport: an `m=` line and what belongs to it. */
export interface MediaSection {
  /** `audio`, `video`, `application` or what else was written. */
  readonly kind: string;
  /** 0 refuses the section, or is bundled with another one when `bundleOnly`. */
  readonly port: number;
  /** `UDP/TLS/RTP/SAVPF` for WebRTC media. */
  readonly protocol: string;
  /** Formats as they were written; the payload types of RTP in order of preference. */
  readonly formats: readonly string[];
  /** The formats as numbers; empty for a protocol without RTP. */
  readonly payloadTypes: readonly number[];
  /** RFC 5888 §4. */
  readonly mid?: string;
  /** `sendrecv` when nothing was written. */
  readonly direction: Direction;
  readonly rtpMaps: ReadonlyMap<number, RtpMap>;
  /** `a=fmtp` by payload type, as it was written; `readFormatParameters` takes it apart. */
  readonly formatParameters: ReadonlyMap<number, string>;
  readonly rtcpFeedback: readonly RtcpFeedback[];
  readonly extensions: readonly HeaderExtension[];
  readonly rids: readonly Rid[];
  readonly simulcast?: Simulcast;
  readonly ssrcs: readonly SsrcAttribute[];
  readonly ssrcGroups: readonly SsrcGroup[];
  /** At most 20; what was written beyond them is left out. */
  readonly candidates: readonly IceCandidate[];
  /** No more candidates will come (RFC 8840 §8.2). */
  readonly endOfCandidates: boolean;
  /** Of the section, or else of the session. */
  readonly iceUfrag?: string;
  /** Of the section, or else of the session. */
  readonly icePwd?: string;
  /** Of the section, or else of the session. */
  readonly fingerprint?: Fingerprint;
  /** Of the section, or else of the session. */
  readonly setup?: Setup;
  readonly rtcpMux: boolean;
  /** RTCP packets need not be compound (RFC 5506). */
  readonly rtcpReducedSize: boolean;
  /** Has no transport of its own (RFC 8843 §6). */
  readonly bundleOnly: boolean;
  /** MediaStream and track (RFC 8830 §2), as written. */
  readonly msid?: string;
  /** Every other attribute, in order. */
  readonly attributes: readonly OtherAttribute[];
}

/** A session description (RFC 8866) as WebRTC uses it. Lines that WebRTC has no use for are not kept. */
export interface SessionDescription {
  /** Value of `o=`. */
  readonly origin: string;
  /** Value of `s=`. */
  readonly sessionName: string;
  /** mids of the first BUNDLE group; the first of them names the section whose transport all share (RFC 8843 §8). */
  readonly bundle: readonly string[];
  readonly iceLite: boolean;
  /** Every other attribute of the session, in order. */
  readonly attributes: readonly OtherAttribute[];
  readonly media: readonly MediaSection[];
}
