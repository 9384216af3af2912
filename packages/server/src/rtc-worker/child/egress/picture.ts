import { packetizeH264 } from '@tallylight/media/rtp/packetizer/h264.ts';
import { MediaPacket } from './media-packet.ts';
import { PACKET_PAYLOAD } from './packet-payload.ts';

/** One picture of a rendition, packetised once in each size for all viewers that get it so. */
export class Picture {
  /** Stream time in milliseconds. */
  readonly ms: number;
  readonly keyframe: boolean;
  /** When it came, on the monotonic clock. */
  readonly arrivedMs: number;
  readonly #sample: Uint8Array;
  readonly #bySize = new Map<number, readonly MediaPacket[]>();

  /** `sample` has NAL units behind four-byte lengths, and is kept. Throws CodecFormatError for a broken one. */
  constructor(picture: {
    readonly ms: number;
    readonly keyframe: boolean;
    readonly sample: Uint8Array;
    readonly arrivedMs: number;
  }) {
    this.ms = picture.ms;
    this.keyframe = picture.keyframe;
    this.arrivedMs = picture.arrivedMs;
    this.#sample = picture.sample;
    // Whoever begins gets the base size, and what is broken shows now.
    this.packets(PACKET_PAYLOAD.base);
  }

  get bytes(): number {
    return this.#sample.length;
  }

  /** True when there is nothing in it to send. */
  get isEmpty(): boolean {
    return this.packets(PACKET_PAYLOAD.base).length === 0;
  }

  /** Its packets, of at most so many bytes of payload. */
  packets(payloadBytes: number): readonly MediaPacket[] {
    let packets = this.#bySize.get(payloadBytes);
    if (packets === undefined) {
      const payloads = packetizeH264(this.#sample, payloadBytes);
      const last = payloads.length - 1;
      packets = payloads.map((each, index) => new MediaPacket(each, index === last));
      this.#bySize.set(payloadBytes, packets);
    }
    return packets;
  }
}
