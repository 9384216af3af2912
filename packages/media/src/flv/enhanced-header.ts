import { FlvFormatError } from './flv-format-error.ts';

/** Packet types that audio and video share in enhanced RTMP v2. */
const MOD_EX = 7;

/** ModEx packets that one tag may stack; the specification sets no bound. */
const MAX_MOD_EX = 4;

/** Where a tag's packet type stands after its ModEx prefix. */
export interface ModExResult {
  readonly packetType: number;
  /** Nanoseconds to add to the presentation time, 0 … 999 999; 0 when the tag has none. */
  readonly nanosecondOffset: number;
  /** Index of the byte after the prefix. */
  readonly at: number;
}

/**
 * Reads the ModEx prefix of an enhanced audio or video tag (E-RTMP v2 "ModEx"): data whose size is 1 … 256 or,
 * escaped, up to 65536 bytes, then the next packet type. Unknown modifiers are skipped. Throws FlvFormatError.
 */
export function readModEx(bytes: Uint8Array, firstPacketType: number, start: number): ModExResult {
  let packetType = firstPacketType;
  let at = start;
  let nanosecondOffset = 0;
  for (let count = 0; packetType === MOD_EX; count++) {
    if (count === MAX_MOD_EX) throw new FlvFormatError(`more than ${MAX_MOD_EX} ModEx prefixes in one tag`);
    let size = need(bytes, at++) + 1;
    if (size === 256) {
      size = ((need(bytes, at) << 8) | need(bytes, at + 1)) + 1;
      at += 2;
    }
    const body = at;
    at += size;
    const next = need(bytes, at++);
    const isNanosecondOffset = next >> 4 === 0 && size >= 3;
    if (isNanosecondOffset) {
      nanosecondOffset = readU24(bytes, body);
      if (nanosecondOffset > 999_999)
        throw new FlvFormatError(`nanosecond offset ${nanosecondOffset} exceeds 999999`);
    }
    packetType = next & 0x0f;
  }
  return { packetType, nanosecondOffset, at };
}

/** How an enhanced tag's multitrack body is laid out (E-RTMP v2 AvMultitrackType). */
export interface MultitrackHeader<FourCc> {
  readonly packetType: number;
  /** The FourCC that all tracks share; undefined when each track names its own. */
  readonly sharedCodec: FourCc | undefined;
  readonly oneTrack: boolean;
  /** Index of the byte after this header. */
  readonly at: number;
}

/** Reads what follows packet type Multitrack, up to the first track. Throws FlvFormatError on an unknown type. */
export function readMultitrackHeader<FourCc>(
  bytes: Uint8Array,
  start: number,
  readFourCc: (bytes: Uint8Array, at: number) => FourCc,
): MultitrackHeader<FourCc> {
  const byte = need(bytes, start);
  const type = byte >> 4;
  if (type > 2) throw new FlvFormatError(`multitrack type ${type} is unknown`);
  const shared = type !== 2;
  return {
    packetType: byte & 0x0f,
    sharedCodec: shared ? readFourCc(bytes, start + 1) : undefined,
    oneTrack: type === 0,
    at: start + (shared ? 5 : 1),
  };
}

/** One track's share of a multitrack tag. */
export interface MultitrackEntry<FourCc> {
  readonly codec: FourCc;
  readonly trackId: number;
  readonly body: Uint8Array;
}

/** Splits a multitrack tag into its tracks; at least one. Throws FlvFormatError when a size passes the tag's end. */
export function readMultitrackEntries<FourCc>(
  bytes: Uint8Array,
  header: MultitrackHeader<FourCc>,
  readFourCc: (bytes: Uint8Array, at: number) => FourCc,
): MultitrackEntry<FourCc>[] {
  const entries: MultitrackEntry<FourCc>[] = [];
  let at = header.at;
  // A track takes at least 4 bytes, except the only one, so the loop is bounded by the tag's size and by the 256 ids.
  do {
    if (entries.length === 256) throw new FlvFormatError('more than 256 tracks in one tag');
    const codec = header.sharedCodec ?? readFourCc(bytes, at);
    if (header.sharedCodec === undefined) at += 4;
    const trackId = need(bytes, at++);
    if (header.oneTrack) return [{ codec, trackId, body: bytes.subarray(at) }];
    const size = readU24(bytes, at);
    at += 3;
    if (at + size > bytes.length) {
      throw new FlvFormatError(
        `track ${trackId} of ${size} bytes passes the end of a tag of ${bytes.length}`,
      );
    }
    entries.push({ codec, trackId, body: bytes.subarray(at, at + size) });
    at += size;
  } while (at < bytes.length);
  return entries;
}

/** Reads a byte that must be there. Throws FlvFormatError. */
export function need(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new FlvFormatError(`tag of ${bytes.length} bytes is cut short at byte ${at}`);
  return byte;
}

/** Reads an unsigned 24-bit number. Throws FlvFormatError. */
export function readU24(bytes: Uint8Array, at: number): number {
  return (need(bytes, at) << 16) | (need(bytes, at + 1) << 8) | need(bytes, at + 2);
}

/** Reads a signed 24-bit number, such as a composition time. Throws FlvFormatError. */
export function readS24(bytes: Uint8Array, at: number): number {
  return (readU24(bytes, at) << 8) >> 8;
}
