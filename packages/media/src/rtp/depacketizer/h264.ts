import { isBSlice } from '../../codecs/h264/b-slice.ts';
import { H264_NAL } from '../../codecs/h264/nal-type.ts';
import { RtpError } from '../rtp-error.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import { TimestampUnwrapper } from '../sequence.ts';
import { type Frame, MAX_FRAME_BYTES, MAX_FRAME_PACKETS } from './frame.ts';
import { type H264ParameterSetNals, ParameterSetCollector } from './parameter-set-collector.ts';

/** An H.264 access unit: NAL units behind four-byte lengths, without parameter sets, delimiters and filler. */
export interface H264Frame extends Frame {
  /** The sets in force; the same object as long as they do not change. */
  readonly parameterSets: H264ParameterSetNals;
  /** True when a slice of it is predicted from two directions: WebRTC players show such streams with jumps. */
  readonly hasBSlice: boolean;
}

/** NAL unit types of RFC 6184 §5.2, table 1, that packetization modes 0 and 1 use. */
const STAP_A = 24;
const FU_A = 28;

/** More than any picture has; guards the lists below. */
const MAX_NALS = 1024;

/** A NAL unit that is put together. */
interface Nal {
  readonly type: number;
  readonly pieces: Uint8Array[];
  size: number;
}

/**
 * H.264 access units out of RTP, RFC 6184, packetization modes 0 and 1. Give it the packets in order, `loss()` for each gap, and
 * `take` after each. A picture of which a packet is missing is given up whole, and so are all that follow up to the next IDR.
 */
export class H264Depacketizer {
  readonly #sets: ParameterSetCollector;
  #clock = new TimestampUnwrapper();
  #ssrc: number | undefined;
  #timestamp = 0;
  #nals: Nal[] = [];
  #size = 0;
  /** Packets of the access unit so far. */
  #packets = 0;
  /** The NAL unit whose fragments are coming. */
  #fragmented: Nal | undefined;
  /** A packet of the access unit of `#timestamp` is missing or malformed. */
  #broken = false;
  /** Nobody knows what came just before the next packet: its access unit may have begun earlier. */
  #headUnknown = true;
  /** Parameter sets came within the stream, so an IDR without them lacks its head. */
  #setsInBand = false;
  #keyframeNeeded = true;
  readonly #ready: H264Frame[] = [];

  /** `parameterSets`: SPS and PPS NAL units from the SDP (sprop-parameter-sets); senders may leave them out of the stream. */
  constructor(options: { readonly parameterSets?: readonly Uint8Array[] } = {}) {
    this.#sets = new ParameterSetCollector(options.parameterSets ?? []);
  }

  /** True when pictures are dropped until an IDR comes: at the start and after a loss. */
  get keyframeNeeded(): boolean {
    return this.#keyframeNeeded;
  }

  /** Packets so far of the picture that is put together: at most `MAX_FRAME_PACKETS`. */
  get heldPackets(): number {
    return this.#packets;
  }

  /** Takes the next packet in order. A malformed one gives its picture up. */
  push(packet: RtpPacket): void {
    if (packet.ssrc !== this.#ssrc) this.#restart(packet.ssrc);
    // Padding that probes the bandwidth.
    if (packet.payload.length === 0) return;
    if (packet.timestamp !== this.#timestamp) {
      this.#end();
      this.#timestamp = packet.timestamp;
    }
    if (this.#headUnknown) {
      this.#headUnknown = false;
      if (!startsAccessUnit(packet.payload, this.#setsInBand)) this.#giveUp();
    }
    if (!this.#broken) this.#add(packet.payload);
    if (packet.marker) this.#end();
  }

  /** Packets are gone: the picture they belong to is given up. */
  loss(): void {
    if (this.#nals.length > 0 || this.#fragmented !== undefined) this.#giveUp();
    this.#headUnknown = true;
    this.#keyframeNeeded = true;
  }

  /** The next whole picture. */
  take(): H264Frame | undefined {
    return this.#ready.shift();
  }

  #restart(ssrc: number): void {
    this.#clear();
    this.#clock = new TimestampUnwrapper();
    this.#ssrc = ssrc;
    this.#headUnknown = true;
    this.#keyframeNeeded = true;
  }

  #add(payload: Uint8Array): void {
    try {
      if (++this.#packets > MAX_FRAME_PACKETS)
        throw new RtpError(`H.264: a picture of ${this.#packets} packets`);
      const type = (payload[0] ?? 0) & 31;
      if (type === FU_A) this.#addFragment(payload);
      else if (this.#fragmented !== undefined) throw new RtpError(`H.264: type ${type} among fragments`);
      else if (type === STAP_A) this.#addAggregate(payload);
      else if (type >= 1 && type < STAP_A) this.#addNal(payload);
      // RFC 6184 §5.2: 0, 30 and 31 are reserved, to be ignored; the others need packetization mode 2.
      else if (type !== 0 && type < 30) throw new RtpError(`H.264: packet type ${type}`);
    } catch (error) {
      if (!(error instanceof RtpError)) throw error;
      this.#giveUp();
    }
  }

  /** §5.7.1: a 16-bit size before each NAL unit. */
  #addAggregate(payload: Uint8Array): void {
    let at = 1;
    while (at < payload.length) {
      const size = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
      at += 2;
      if (size === 0 || at + size > payload.length) {
        throw new RtpError(`H.264: NAL unit of ${size} bytes in STAP-A, ${payload.length - at} left`);
      }
      this.#addNal(payload.subarray(at, at + size));
      at += size;
    }
  }

  /** §5.8: the header octet of the NAL unit is divided between indicator and FU header. */
  #addFragment(payload: Uint8Array): void {
    const header = payload[1] ?? 0;
    const start = (header & 0x80) !== 0;
    const end = (header & 0x40) !== 0;
    if (payload.length < 3 || (start && end)) throw new RtpError(`H.264: FU-A of ${payload.length} bytes`);
    const type = header & 31;
    if (start) {
      if (this.#fragmented !== undefined) throw new RtpError('H.264: FU-A without end');
      this.#fragmented = {
        type,
        pieces: [Uint8Array.of(((payload[0] ?? 0) & 0xe0) | type)],
        size: 1,
      };
    }
    const nal = this.#fragmented;
    if (nal === undefined || nal.type !== type) throw new RtpError('H.264: FU-A without start');
    nal.pieces.push(payload.subarray(2));
    nal.size += payload.length - 2;
    if (this.#size + nal.size > MAX_FRAME_BYTES) throw new RtpError(`H.264: NAL unit of ${nal.size} bytes`);
    if (end) {
      this.#fragmented = undefined;
      this.#keep(nal);
    }
  }

  #addNal(nal: Uint8Array): void {
    this.#keep({ type: (nal[0] ?? 0) & 31, pieces: [nal], size: nal.length });
  }

  #keep(nal: Nal): void {
    // Aggregates and fragments hold NAL units, not packets (§5.7.1, §5.8).
    if (nal.type === 0 || nal.type >= STAP_A) throw new RtpError(`H.264: NAL unit of type ${nal.type}`);
    if (nal.type === H264_NAL.accessUnitDelimiter || nal.type === H264_NAL.filler) return;
    if (nal.type === H264_NAL.sps || nal.type === H264_NAL.pps) {
      this.#setsInBand = true;
      this.#sets.add(joined(nal));
      return;
    }
    this.#nals.push(nal);
    this.#size += 4 + nal.size;
    if (this.#nals.length > MAX_NALS || this.#size > MAX_FRAME_BYTES) {
      throw new RtpError(`H.264: ${this.#nals.length} NAL units of ${this.#size} bytes in a picture`);
    }
  }

  #giveUp(): void {
    this.#clear();
    this.#broken = true;
    this.#keyframeNeeded = true;
  }

  #clear(): void {
    this.#nals = [];
    this.#size = 0;
    this.#packets = 0;
    this.#fragmented = undefined;
    this.#broken = false;
  }

  #end(): void {
    const nals = this.#nals;
    const size = this.#size;
    const whole = !this.#broken && this.#fragmented === undefined;
    if (this.#fragmented !== undefined) this.#keyframeNeeded = true;
    this.#clear();
    if (!whole || !nals.some(isSlice)) return;
    const parameterSets = this.#sets.inForce();
    const keyframe = nals.some(({ type }) => type === H264_NAL.idr);
    const rtpTime = this.#clock.unwrap(this.#timestamp);
    if (keyframe && parameterSets !== undefined) this.#keyframeNeeded = false;
    if (this.#keyframeNeeded || parameterSets === undefined) return;
    this.#ready.push({
      ssrc: this.#ssrc ?? 0,
      rtpTime,
      keyframe,
      payload: lengthPrefixed(nals, size),
      parameterSets,
      hasBSlice: !keyframe && nals.some(hasBSlice),
    });
  }
}

/**
 * True when nothing of an access unit can stand before this packet: it begins with a delimiter or an SPS (H.264 §7.4.1.2.3), or, where
 * parameter sets are never sent, with the first macroblock of an IDR picture.
 */
function startsAccessUnit(payload: Uint8Array, setsInBand: boolean): boolean {
  const packetType = (payload[0] ?? 0) & 31;
  const fragment = packetType === FU_A;
  if (fragment && (payload[1] ?? 0) < 0x80) return false;
  const type = (packetType === STAP_A ? (payload[3] ?? 0) : fragment ? (payload[1] ?? 0) : packetType) & 31;
  if (type === H264_NAL.accessUnitDelimiter || type === H264_NAL.sps) return true;
  if (setsInBand || type !== H264_NAL.idr || packetType === STAP_A) return false;
  // first_mb_in_slice is 0 when its first bit is 1.
  return (payload[fragment ? 2 : 1] ?? 0) >= 0x80;
}

function isSlice(nal: Nal): boolean {
  return nal.type >= H264_NAL.slice && nal.type <= H264_NAL.idr;
}

function hasBSlice(nal: Nal): boolean {
  const [first, second] = nal.pieces;
  if (first === undefined || nal.type !== H264_NAL.slice) return false;
  return isBSlice(second === undefined ? first : Uint8Array.of(first[0] ?? 0, ...second.subarray(0, 12)));
}

function joined(nal: Nal): Uint8Array {
  const bytes = new Uint8Array(nal.size);
  copyPieces(nal, bytes, 0);
  return bytes;
}

/** The one copy of the payload. */
function lengthPrefixed(nals: readonly Nal[], size: number): Uint8Array {
  const sample = new Uint8Array(size);
  const view = new DataView(sample.buffer);
  let at = 0;
  for (const nal of nals) {
    view.setUint32(at, nal.size);
    at = copyPieces(nal, sample, at + 4);
  }
  return sample;
}

function copyPieces(nal: Nal, target: Uint8Array, from: number): number {
  let at = from;
  for (const piece of nal.pieces) {
    target.set(piece, at);
    at += piece.length;
  }
  return at;
}
