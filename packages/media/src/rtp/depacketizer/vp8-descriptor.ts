import { RtpError } from '../rtp-error.ts';

/** The VP8 payload descriptor in front of each packet's payload, RFC 7741 §4.2. */
export interface Vp8Descriptor {
  /** Bytes of the descriptor. */
  readonly size: number;
  /** N: no other frame is predicted from this one. */
  readonly nonReference: boolean;
  /** S: a partition starts here. */
  readonly partitionStart: boolean;
  /** PID: the partition that the payload's first byte belongs to. */
  readonly partition: number;
  readonly pictureId?: { readonly value: number; readonly bits: 7 | 15 };
  readonly tl0PicIdx?: number;
  readonly temporalLayer?: number;
  /** Y: predicted from the base layer only. */
  readonly layerSync?: boolean;
  readonly keyIdx?: number;
}

/** Reads the descriptor. Throws RtpError when the payload ends in it. */
export function readVp8Descriptor(payload: Uint8Array): Vp8Descriptor {
  const first = payload[0] ?? 0;
  let size = 1;
  let pictureId: Vp8Descriptor['pictureId'];
  let tl0PicIdx: number | undefined;
  let layer: number | undefined;
  let extended = 0;
  if ((first & 0x80) !== 0) {
    extended = payload[size++] ?? 0;
    if ((extended & 0x80) !== 0) {
      const id = payload[size++] ?? 0;
      pictureId =
        id < 0x80 ? { value: id, bits: 7 } : { value: ((id & 0x7f) << 8) | (payload[size++] ?? 0), bits: 15 };
    }
    if ((extended & 0x40) !== 0) tl0PicIdx = payload[size++];
    if ((extended & 0x30) !== 0) layer = payload[size++];
  }
  if (size > payload.length) throw new RtpError(`VP8: descriptor of ${size} bytes in ${payload.length}`);
  return {
    size,
    nonReference: (first & 0x20) !== 0,
    partitionStart: (first & 0x10) !== 0,
    partition: first & 7,
    ...(pictureId !== undefined && { pictureId }),
    ...(tl0PicIdx !== undefined && { tl0PicIdx }),
    ...((extended & 0x20) !== 0 &&
      layer !== undefined && { temporalLayer: layer >> 6, layerSync: (layer & 0x20) !== 0 }),
    ...((extended & 0x10) !== 0 && layer !== undefined && { keyIdx: layer & 31 }),
  };
}
