/** Room in front of the payload: the fixed header and as many header extensions as any viewer negotiates. */
const HEADROOM_BYTES = 48;

/**
 * One RTP packet of a feed, packetised once for all of its viewers. The header in front of the payload belongs to whoever sends it
 * next: sending copies the bytes, so each viewer writes its own and sends at once.
 */
export class MediaPacket {
  /** Last packet of its picture, RFC 6184 §5.1; set for each packet of sound that follows silence only. */
  readonly marker: boolean;
  readonly payloadBytes: number;
  readonly #bytes: Buffer;
  /** Views by the size of their header: viewers agree on it nearly always, and making a view costs more than writing a header. */
  readonly #views: { readonly headerBytes: number; readonly view: Buffer }[] = [];

  /** Copies the payload. */
  constructor(payload: Uint8Array, marker: boolean) {
    this.marker = marker;
    this.payloadBytes = payload.length;
    // Not from the pool of small buffers: those would keep their neighbours alive.
    this.#bytes = Buffer.from(new ArrayBuffer(HEADROOM_BYTES + payload.length));
    this.#bytes.set(payload, HEADROOM_BYTES);
  }

  /** The packet with a header of this size in front, the header's bytes being those of whoever sent it last. At most 48. */
  withHeader(headerBytes: number): Buffer {
    for (const each of this.#views) if (each.headerBytes === headerBytes) return each.view;
    if (headerBytes > HEADROOM_BYTES) throw new RangeError(`an RTP header of ${headerBytes} bytes`);
    const view = this.#bytes.subarray(HEADROOM_BYTES - headerBytes);
    this.#views.push({ headerBytes, view });
    return view;
  }

  /** A copy of its own with room for a header of any size. */
  behind(headerBytes: number): Buffer {
    const bytes = Buffer.alloc(headerBytes + this.payloadBytes);
    bytes.set(this.#bytes.subarray(HEADROOM_BYTES), headerBytes);
    return bytes;
  }
}
