import { opusPacketSamples } from '../../codecs/opus/packet-duration.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import { TimestampUnwrapper } from '../sequence.ts';
import type { Frame } from './frame.ts';

/** One Opus packet. */
export interface OpusFrame extends Frame {
  /** Samples at 48 kHz, by the packet's TOC: 960 from browsers. */
  readonly samples: number;
}

/**
 * Opus out of RTP, RFC 7587 §4.2: one packet is one frame. Where the sender was silent (DTX) there are no packets, and none are made
 * up: the next frame's time tells.
 */
export class OpusDepacketizer {
  #clock = new TimestampUnwrapper();
  #ssrc: number | undefined;
  #ready: OpusFrame | undefined;

  /** Takes the next packet in order; `take` must follow. Malformed and empty ones are dropped. */
  push(packet: RtpPacket): void {
    if (packet.ssrc !== this.#ssrc) {
      this.#ssrc = packet.ssrc;
      this.#clock = new TimestampUnwrapper();
    }
    const samples = opusPacketSamples(packet.payload);
    if (samples === undefined) return;
    const rtpTime = this.#clock.unwrap(packet.timestamp);
    this.#ready = { ssrc: packet.ssrc, rtpTime, keyframe: true, payload: packet.payload, samples };
  }

  /** Packets are gone: nothing to do, the decoder conceals them. */
  loss(): void {}

  /** The frame of the last packet, once. */
  take(): OpusFrame | undefined {
    const frame = this.#ready;
    this.#ready = undefined;
    return frame;
  }
}
