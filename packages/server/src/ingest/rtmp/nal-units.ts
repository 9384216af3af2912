import { CorruptMediaError } from './media-error.ts';

/** One coded picture with every NAL unit behind a 4-byte length. */
export interface Picture {
  /** A view into what was given whenever nothing had to be rewritten. */
  readonly payload: Uint8Array;
  /** True for an IDR (H.264) or IRAP (H.265) picture, by its NAL units, whatever the container claims. */
  readonly keyframe: boolean;
}

const LENGTH_BYTES = 4;

/**
 * Brings a length-prefixed access unit into the form of `AccessUnit.payload`: 4-byte lengths, no access unit delimiters, no
 * empty NAL units. Throws CorruptMediaError when a NAL unit passes the end or there is no picture.
 * @param lengthBytes size of the NAL length fields in `bytes`, 1, 2 or 4 (ISO/IEC 14496-15 lengthSizeMinusOne + 1).
 */
export function normalisePicture(bytes: Uint8Array, lengthBytes: number, codec: 'h264' | 'hevc'): Picture {
  const end = bytes.length;
  let keyframe = false;
  let hasPicture = false;
  let keptBytes = 0;
  // Where the kept NAL units begin when only leading ones are dropped; −1 once that is not enough.
  let viewStart = lengthBytes === LENGTH_BYTES ? 0 : -1;
  for (let at = 0; at < end; ) {
    const size = readLength(bytes, at, lengthBytes);
    const next = at + lengthBytes + size;
    if (next > end)
      throw new CorruptMediaError(`NAL unit of ${size} bytes at ${at} passes the end at ${end}`);
    const kind = size === 0 ? 'dropped' : nalKind(bytes[at + lengthBytes] ?? 0, codec);
    if (kind === 'dropped') {
      viewStart = viewStart === at ? next : -1;
    } else {
      keptBytes += LENGTH_BYTES + size;
      if (kind === 'key') keyframe = true;
      if (kind !== 'other') hasPicture = true;
    }
    at = next;
  }
  if (!hasPicture) throw new CorruptMediaError(`no picture in a unit of ${end} bytes`);
  if (viewStart === 0) return { payload: bytes, keyframe };
  const payload = viewStart > 0 ? bytes.subarray(viewStart) : rewrite(bytes, lengthBytes, codec, keptBytes);
  return { payload, keyframe };
}

function rewrite(
  bytes: Uint8Array,
  lengthBytes: number,
  codec: 'h264' | 'hevc',
  keptBytes: number,
): Uint8Array {
  const out = new Uint8Array(keptBytes);
  const view = new DataView(out.buffer);
  let to = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = readLength(bytes, at, lengthBytes);
    const start = at + lengthBytes;
    if (size > 0 && nalKind(bytes[start] ?? 0, codec) !== 'dropped') {
      view.setUint32(to, size);
      out.set(bytes.subarray(start, start + size), to + LENGTH_BYTES);
      to += LENGTH_BYTES + size;
    }
    at = start + size;
  }
  return out;
}

function readLength(bytes: Uint8Array, at: number, lengthBytes: number): number {
  if (at + lengthBytes > bytes.length)
    throw new CorruptMediaError(`NAL length cut short at ${at} of ${bytes.length}`);
  let size = 0;
  for (let i = 0; i < lengthBytes; i++) size = size * 256 + (bytes[at + i] ?? 0);
  return size;
}

/** H.264 table 7-1: 1…5 slices, 5 IDR, 9 delimiter. H.265 table 7-1: 0…31 slices, 16…23 IRAP, 35 delimiter. */
function nalKind(header: number, codec: 'h264' | 'hevc'): 'key' | 'picture' | 'dropped' | 'other' {
  if (codec === 'h264') {
    const type = header & 0x1f;
    if (type === 5) return 'key';
    if (type === 9) return 'dropped';
    return type >= 1 && type <= 4 ? 'picture' : 'other';
  }
  const type = (header >> 1) & 0x3f;
  if (type >= 16 && type <= 23) return 'key';
  if (type === 35) return 'dropped';
  return type < 32 ? 'picture' : 'other';
}
