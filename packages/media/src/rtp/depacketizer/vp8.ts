import { concat } from '../../bytes/concat.ts';
import { isVp8Keyframe, readVp8KeyframeHeader } from '../../codecs/vp8/keyframe-header.ts';
import { RtpError } from '../rtp-error.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import { TimestampUnwrapper } from '../sequence.ts';
import { type Frame, MAX_FRAME_BYTES, MAX_FRAME_PACKETS } from './frame.ts';
import { readVp8Descriptor, type Vp8Descriptor } from './vp8-descriptor.ts';

/** A VP8 frame as RFC 6386 §9 has it. */
export interface Vp8Frame extends Frame {
  /** Pixels; of keyframes only. */
  readonly width?: number;
  readonly height?: number;
}

/** VP8 frames out of RTP, RFC 7741. Give it the packets in order, `loss()` for each gap, and `take` after each. */
export class Vp8Depacketizer {
  #clock = new TimestampUnwrapper();
  #ssrc: number | undefined;
  #timestamp = 0;
  #pieces: Uint8Array[] = [];
  #size = 0;
  /** True while the frame of `#timestamp` is whole so far. */
  #whole = false;
  #pictureId: Vp8Descriptor['pictureId'];
  /** Of the last frame that was given out. */
  #lastPictureId: Vp8Descriptor['pictureId'];
  /** Packets were lost since then: only the picture ids can tell whether a frame was. */
  #doubt = false;
  #keyframeNeeded = true;
  #ready: Vp8Frame[] = [];

  /** True when frames are dropped until a keyframe comes: at the start and after a loss. */
  get keyframeNeeded(): boolean {
    return this.#keyframeNeeded;
  }

  /** Packets so far of the picture that is put together: at most `MAX_FRAME_PACKETS`. */
  get heldPackets(): number {
    return this.#pieces.length;
  }

  /** Takes the next packet in order. A malformed one gives its frame up. */
  push(packet: RtpPacket): void {
    if (packet.ssrc !== this.#ssrc) this.#restart(packet.ssrc);
    // Padding that probes the bandwidth.
    if (packet.payload.length === 0) return;
    if (packet.timestamp !== this.#timestamp) this.#end();
    this.#timestamp = packet.timestamp;
    this.#add(packet.payload);
    if (packet.marker) this.#end();
  }

  /** Packets are gone: the frame they belong to is given up. */
  loss(): void {
    if (this.#size > 0) this.#giveUp();
    this.#doubt = true;
  }

  /** The next whole frame. */
  take(): Vp8Frame | undefined {
    return this.#ready.shift();
  }

  #restart(ssrc: number): void {
    this.#clear();
    this.#clock = new TimestampUnwrapper();
    this.#ssrc = ssrc;
    this.#lastPictureId = undefined;
    this.#keyframeNeeded = true;
  }

  #add(payload: Uint8Array): void {
    try {
      const descriptor = readVp8Descriptor(payload);
      const starts = descriptor.partitionStart && descriptor.partition === 0;
      if (starts && this.#size === 0) {
        this.#whole = true;
        this.#pictureId = descriptor.pictureId;
      }
      // The head of this frame was lost. Or no payload follows the descriptor: such a packet would cost memory and count for nothing.
      if (!this.#whole || descriptor.size === payload.length) {
        this.#giveUp();
        return;
      }
      this.#pieces.push(payload.subarray(descriptor.size));
      this.#size += payload.length - descriptor.size;
      if (this.#size > MAX_FRAME_BYTES || this.#pieces.length > MAX_FRAME_PACKETS) {
        throw new RtpError(`VP8: a frame of ${this.#size} bytes in ${this.#pieces.length} packets`);
      }
    } catch (error) {
      if (!(error instanceof RtpError)) throw error;
      this.#giveUp();
    }
  }

  #giveUp(): void {
    this.#clear();
    this.#keyframeNeeded = true;
  }

  #clear(): void {
    this.#pieces = [];
    this.#size = 0;
    this.#whole = false;
  }

  #end(): void {
    const whole = this.#whole && this.#size > 0;
    const pieces = this.#pieces;
    const pictureId = this.#pictureId;
    this.#clear();
    if (!whole) return;
    const payload = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : concat(pieces);
    const keyframe = isVp8Keyframe(payload);
    const header = keyframe ? readVp8KeyframeHeader(payload) : undefined;
    if (keyframe && header === undefined) {
      this.#keyframeNeeded = true;
      return;
    }
    if (!keyframe && this.#doubt && !follows(this.#lastPictureId, pictureId)) this.#keyframeNeeded = true;
    this.#doubt = false;
    this.#lastPictureId = pictureId;
    const rtpTime = this.#clock.unwrap(this.#timestamp);
    if (keyframe) this.#keyframeNeeded = false;
    if (this.#keyframeNeeded) return;
    this.#ready.push({
      ssrc: this.#ssrc ?? 0,
      rtpTime,
      keyframe,
      payload,
      ...(header && { width: header.width, height: header.height }),
    });
  }
}

/** Picture ids count by one for each frame (RFC 7741 §4.2). Short ones repeat too soon to prove anything. */
function follows(before: Vp8Descriptor['pictureId'], after: Vp8Descriptor['pictureId']): boolean {
  if (before?.bits !== 15 || after?.bits !== 15) return false;
  return after.value === (before.value + 1) % 2 ** 15;
}
