import { FLV_MAX_BODY_BYTES, FLV_TAG_HEADER_BYTES, FLV_TAG_TYPES, type FlvTagType } from './flv-tag.ts';

/** The FLV file header and the first PreviousTagSize (Adobe FLV 10.1 §E.2, §E.3): 13 bytes. */
export function writeFlvHeader(tracks: { readonly video: boolean; readonly audio: boolean }): Uint8Array {
  const flags = (tracks.audio ? 4 : 0) | (tracks.video ? 1 : 0);
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0);
}

/**
 * One FLV tag as pieces for a gathering write: header, the body's own pieces (not copied), PreviousTagSize.
 * `timestampMs` is an integer and is written modulo 2³². Throws RangeError when the body exceeds 16 MiB − 1.
 */
export function writeFlvTag(tag: {
  readonly type: FlvTagType;
  readonly timestampMs: number;
  readonly body: readonly Uint8Array[];
}): Uint8Array[] {
  let size = 0;
  for (const piece of tag.body) size += piece.length;
  if (size > FLV_MAX_BODY_BYTES)
    throw new RangeError(`FLV tag body of ${size} bytes exceeds ${FLV_MAX_BODY_BYTES}`);
  const time = Math.trunc(tag.timestampMs) >>> 0;
  const header = new Uint8Array(FLV_TAG_HEADER_BYTES);
  header[0] = FLV_TAG_TYPES[tag.type];
  header[1] = size >>> 16;
  header[2] = size >>> 8;
  header[3] = size;
  header[4] = time >>> 16;
  header[5] = time >>> 8;
  header[6] = time;
  header[7] = time >>> 24;
  const total = size + FLV_TAG_HEADER_BYTES;
  return [header, ...tag.body, Uint8Array.of(total >>> 24, total >>> 16, total >>> 8, total)];
}
