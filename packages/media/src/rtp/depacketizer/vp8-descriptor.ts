import { RtpError } from '../rtp-error.ts';

/** The VP8 payload descriptor in front of each packet's payload, RFC 7741 §4.2. */
export interface Vp8Descriptor {
  /** Bytes of the descriptor. */
  readonly size: number;
  /** S: a partition starts here. */
  readonly partitionStart: boolean;
  /** PID: the partition that the payload's first byte belongs to. */
  readonly partition: number;
  readonly pictureId?: { readonly value: number; readonly bits: 7 | 15 };
}

/** Reads the descriptor. Throws RtpError when the payload ends in it. */
export function readVp8Descriptor(payload: Uint8Array): Vp8Descriptor {
  const first = payload[0] ?? 0;
  let size = 1;
  let pictureId: Vp8Descriptor['pictureId'];
  if ((first & 0x80) !== 0) {
    const extended = payload[size++] ?? 0;
    if ((extended & 0x80) !== 0) {
      const id = payload[size++] ?? 0;
      pictureId =
        id < 0x80 ? { value: id, bits: 7 } : { value: ((id & 0x7f) << 8) | (payload[size++] ?? 0), bits: 15 };
    }
    // TL0PICIDX; then TID, Y and KEYIDX in one byte. Nothing of it is used.
    if ((extended & 0x40) !== 0) size++;
    if ((extended & 0x30) !== 0) size++;
  }
  if (size > payload.length) throw new RtpError(`VP8: descriptor of ${size} bytes in ${payload.length}`);
  return {
    size,
    partitionStart: (first & 0x10) !== 0,
    partition: first & 7,
    ...(pictureId !== undefined && { pictureId }),
  };
}
