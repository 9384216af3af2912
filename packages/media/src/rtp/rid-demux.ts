import type { RtpPacket } from './rtp-packet.ts';

/** Which stream of a session a packet belongs to, as far as it is known. */
export interface RtpSource {
  /** Media section, `a=mid`. */
  readonly mid?: string;
  /** Simulcast layer, `a=rid`. For a repair stream, the layer that it repairs. */
  readonly rid?: string;
  /** True for retransmissions: the stream was named by repaired-rid. */
  readonly repaired: boolean;
}

/** Local ids of the header extensions, from `a=extmap`; an absent one is not looked for. */
export interface SourceExtensionIds {
  /** urn:ietf:params:rtp-hdrext:sdes:mid, RFC 9143. */
  readonly mid?: number;
  /** urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id, RFC 8852 §3.1. */
  readonly rid?: number;
  /** urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id, RFC 8852 §3.2. */
  readonly repairedRid?: number;
}

/** Three simulcast layers and their repair streams, sound, and room for changed SSRCs. */
const DEFAULT_MAX_SSRCS = 64;

/** Longest name: that of the one-byte extension form. */
const MAX_NAME = 16;

/** Maps SSRCs to streams by their header extensions, which senders leave out once they were heard (RFC 8852 §3, RFC 9143 §15). */
export class RidDemux {
  readonly #ids: SourceExtensionIds;
  readonly #maxSsrcs: number;
  readonly #sources = new Map<number, RtpSource>();

  /** `maxSsrcs`: how many are remembered; the one known for longest is forgotten first. Default 64. */
  constructor(options: { readonly extensionIds: SourceExtensionIds; readonly maxSsrcs?: number }) {
    this.#ids = options.extensionIds;
    this.#maxSsrcs = options.maxSsrcs ?? DEFAULT_MAX_SSRCS;
  }

  /** The packet's stream; undefined when neither it nor an earlier one of its SSRC told. */
  sourceOf(packet: RtpPacket): RtpSource | undefined {
    const known = this.#sources.get(packet.ssrc);
    if (packet.extensions.size === 0) return known;
    const mid = element(packet, this.#ids.mid);
    const rid = element(packet, this.#ids.rid);
    const repairedRid = element(packet, this.#ids.repairedRid);
    if (mid === undefined && rid === undefined && repairedRid === undefined) return known;
    if (known !== undefined && agrees(known, mid, rid, repairedRid)) return known;
    const midName = name(mid) ?? known?.mid;
    const ridName = name(repairedRid) ?? name(rid) ?? known?.rid;
    if (midName === undefined && ridName === undefined) return known;
    const repaired = name(repairedRid) !== undefined || (name(rid) === undefined && known?.repaired === true);
    const source = {
      ...(midName !== undefined && { mid: midName }),
      ...(ridName !== undefined && { rid: ridName }),
      repaired,
    };
    this.#assign(packet.ssrc, source);
    return source;
  }

  #assign(ssrc: number, source: RtpSource): void {
    if (!this.#sources.has(ssrc) && this.#sources.size >= this.#maxSsrcs) {
      for (const oldest of this.#sources.keys()) {
        this.#sources.delete(oldest);
        break;
      }
    }
    this.#sources.set(ssrc, source);
  }
}

function element(packet: RtpPacket, id: number | undefined): Uint8Array | undefined {
  return id === undefined ? undefined : packet.extensions.get(id);
}

/** True when the packet says nothing new; most packets of a sender that repeats its names end here. */
function agrees(
  known: RtpSource,
  mid: Uint8Array | undefined,
  rid: Uint8Array | undefined,
  repairedRid: Uint8Array | undefined,
): boolean {
  if (mid !== undefined && !isText(mid, known.mid)) return false;
  if (repairedRid !== undefined) return known.repaired && isText(repairedRid, known.rid);
  return rid === undefined || (!known.repaired && isText(rid, known.rid));
}

function isText(bytes: Uint8Array, text: string | undefined): boolean {
  if (text === undefined || bytes.length !== text.length) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

/** A name of letters, digits and the signs of an SDP token; undefined for anything else. */
function name(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length === 0 || bytes.length > MAX_NAME) return undefined;
  for (const byte of bytes) if (byte <= 0x20 || byte >= 0x7f) return undefined;
  return String.fromCharCode(...bytes);
}
