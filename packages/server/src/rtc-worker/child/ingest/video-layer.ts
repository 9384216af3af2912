import { CodecFormatError } from '@tallylight/media/codecs/codec-format-error.ts';
import { avcProperties, writeAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { parseH264Sps } from '@tallylight/media/codecs/h264/sps.ts';
import type { Frame } from '@tallylight/media/rtp/depacketizer/frame.ts';
import { H264Depacketizer, type H264Frame } from '@tallylight/media/rtp/depacketizer/h264.ts';
import { Vp8Depacketizer, type Vp8Frame } from '@tallylight/media/rtp/depacketizer/vp8.ts';
import { JitterBuffer } from '@tallylight/media/rtp/jitter-buffer.ts';
import { ReceptionStatistics } from '@tallylight/media/rtp/reception-statistics.ts';
import type { RtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import type { VideoTrack } from '../../../stream/track.ts';

/** RTP clock of every video format (RFC 6184 §8.2.1, RFC 7741 §6.1). */
export const VIDEO_CLOCK_RATE = 90_000;

/** A whole picture of a layer, with what its decoder needs. */
export interface LayerPicture extends Frame {
  /** The same object as long as nothing changed. */
  readonly track: VideoTrack;
  /** max_num_reorder_frames of the stream; 0 when it does not tell. */
  readonly reorderDepth: number;
  readonly hasBSlice: boolean;
}

/** One encoding of the publisher's picture: the only one, or a layer of a simulcast. */
export class VideoLayer {
  /** Absent without simulcast. */
  readonly rid: string | undefined;
  readonly #codec: 'h264' | 'vp8';
  readonly #buffer: JitterBuffer;
  readonly #depacketizer: H264Depacketizer | Vp8Depacketizer;
  #statistics: ReceptionStatistics | undefined;
  #ssrc: number | undefined;
  #parameterSets: H264Frame['parameterSets'] | undefined;
  #track: VideoTrack | undefined;
  #reorderDepth = 0;
  #lastPacketMs = Number.NEGATIVE_INFINITY;
  #pictureMs = Number.NEGATIVE_INFINITY;
  #lastButOneMs = Number.NEGATIVE_INFINITY;
  #timestamp: number | undefined;
  #lostPackets = 0;

  constructor(options: {
    readonly codec: 'h264' | 'vp8';
    readonly nack: boolean;
    readonly rid: string | undefined;
    readonly parameterSets?: readonly Uint8Array[];
  }) {
    this.rid = options.rid;
    this.#codec = options.codec;
    this.#buffer = new JitterBuffer({ nack: options.nack });
    const { codec, parameterSets = [] } = options;
    this.#depacketizer = codec === 'h264' ? new H264Depacketizer({ parameterSets }) : new Vp8Depacketizer();
  }

  /** SSRC of the packets now; undefined before the first one. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Monotonic time of the last packet. */
  get lastPacketMs(): number {
    return this.#lastPacketMs;
  }

  /** Monotonic time at which the last picture but one began to come. */
  get lastButOneMs(): number {
    return this.#lastButOneMs;
  }

  /** True when pictures are lost until a keyframe comes. */
  get keyframeNeeded(): boolean {
    return this.#depacketizer.keyframeNeeded;
  }

  get statistics(): ReceptionStatistics | undefined {
    return this.#statistics;
  }

  /** Pixels of a picture; 0 before one came. */
  get pixels(): number {
    return (this.#track?.width ?? 0) * (this.#track?.height ?? 0);
  }

  /** Takes a packet of the stream. */
  push(packet: RtpPacket, nowMs: number): void {
    if (packet.ssrc !== this.#ssrc) {
      this.#ssrc = packet.ssrc;
      this.#statistics = new ReceptionStatistics({ ssrc: packet.ssrc, clockRate: VIDEO_CLOCK_RATE });
    }
    this.#statistics?.received(packet, nowMs);
    if (packet.timestamp !== this.#timestamp) {
      this.#timestamp = packet.timestamp;
      this.#lastButOneMs = this.#pictureMs;
      this.#pictureMs = nowMs;
    }
    this.#take(packet, nowMs, false);
  }

  /** Takes a packet that a retransmission brought. */
  pushRepaired(packet: RtpPacket, nowMs: number): void {
    if (packet.ssrc === this.#ssrc) this.#take(packet, nowMs, true);
  }

  /** Gives out what is complete; call it after each push and now and then. */
  drain(nowMs: number, onPicture: (picture: LayerPicture) => void): void {
    for (;;) {
      const event = this.#buffer.take(nowMs);
      if (event === undefined) return;
      if (event.type === 'gap') {
        this.#lostPackets += event.sequences;
        this.#depacketizer.loss();
        continue;
      }
      this.#depacketizer.push(event.packet);
      for (let frame = this.#depacketizer.take(); frame !== undefined; frame = this.#depacketizer.take()) {
        const picture = this.#picture(frame);
        if (picture !== undefined) onPicture(picture);
      }
    }
  }

  /** Sequence numbers to ask for again now. */
  nacks(nowMs: number, rttMs?: number): readonly number[] {
    return this.#buffer.nacks(nowMs, rttMs);
  }

  /** True while packets are waited for. */
  get isWaiting(): boolean {
    return this.#buffer.missing > 0;
  }

  /** Round trip by answered NACKs. */
  get rttMs(): number | undefined {
    return this.#buffer.rttMs;
  }

  /** Packets that never came, since the last call. */
  takeLostPackets(): number {
    const lost = this.#lostPackets;
    this.#lostPackets = 0;
    return lost;
  }

  #take(packet: RtpPacket, nowMs: number, resent: boolean): void {
    this.#lastPacketMs = nowMs;
    this.#buffer.push(packet, nowMs, resent);
  }

  #picture(frame: H264Frame | Vp8Frame): LayerPicture | undefined {
    const isH264 = 'parameterSets' in frame;
    if (isH264) this.#readParameterSets(frame);
    else this.#readSize(frame);
    const track = this.#track;
    if (track === undefined) return undefined;
    const { ssrc, rtpTime, keyframe, payload } = frame;
    const hasBSlice = isH264 && frame.hasBSlice;
    return { ssrc, rtpTime, keyframe, payload, track, reorderDepth: this.#reorderDepth, hasBSlice };
  }

  #readParameterSets({ parameterSets }: H264Frame): void {
    if (parameterSets === this.#parameterSets) return;
    this.#parameterSets = parameterSets;
    try {
      const config = writeAvcConfig(parameterSets.spsNals, parameterSets.ppsNals);
      const { codecString, width, height, frameRate } = avcProperties(config);
      const [sps] = parameterSets.spsNals;
      this.#reorderDepth = sps === undefined ? 0 : (parseH264Sps(sps).vui?.maxNumReorderFrames ?? 0);
      this.#track = {
        kind: 'video',
        codec: 'h264',
        codecString,
        timescale: MILLISECONDS,
        width,
        height,
        ...(frameRate === undefined ? {} : { frameRate }),
        config,
      };
    } catch (error) {
      // Pictures that nobody can decode: as if they had not come.
      if (!(error instanceof CodecFormatError)) throw error;
      this.#track = undefined;
    }
  }

  #readSize({ width, height }: Vp8Frame): void {
    if (width === undefined || height === undefined) return;
    if (this.#track?.width === width && this.#track.height === height) return;
    this.#track = {
      kind: 'video',
      codec: 'vp8',
      codecString: this.#codec,
      timescale: MILLISECONDS,
      width,
      height,
      config: new Uint8Array(0),
    };
  }
}
