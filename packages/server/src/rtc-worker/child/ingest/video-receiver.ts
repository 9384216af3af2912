import { RidDemux } from '@tallylight/media/rtp/rid-demux.ts';
import type { RtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { unwrapRtx } from '@tallylight/media/rtp/rtx.ts';
import type { SenderReportClock } from '@tallylight/media/rtp/sender-report-clock.ts';
import type { IngestTrack } from '@tallylight/media/sdp/answer-ingest.ts';
import type { VideoTrack } from '../../../stream/track.ts';
import { DecodeOrder } from './decode-order.ts';
import { KeyframeRequests } from './keyframe-requests.ts';
import { LayerChoice, type LayerState } from './layer-choice.ts';
import { type LayerPicture, VIDEO_CLOCK_RATE, VideoLayer } from './video-layer.ts';

/** A picture on the session's clock. */
export interface ReceivedPicture {
  readonly track: VideoTrack;
  readonly ptsMs: number;
  readonly dtsMs: number;
  readonly keyframe: boolean;
  readonly payload: Uint8Array;
}

/** RTCP that a layer wants to send. */
export type LayerFeedback =
  | { readonly type: 'nack'; readonly ssrc: number; readonly sequences: readonly number[] }
  | { readonly type: 'pli' | 'fir'; readonly ssrc: number };

/** Puts the publisher's picture together from RTP: one encoding, or the best live layer of a simulcast. */
export class VideoReceiver {
  readonly #terms: IngestTrack;
  readonly #clock: SenderReportClock;
  readonly #onPicture: (picture: ReceivedPicture) => void;
  readonly #layers: readonly VideoLayer[];
  readonly #demux: RidDemux;
  readonly #choice: LayerChoice | undefined;
  readonly #requests: ReadonlyMap<VideoLayer, KeyframeRequests>;
  readonly #order = new DecodeOrder();
  #started = false;
  #frames = 0;
  #droppedFrames = 0;
  #wasBroken = false;
  #lastPtsMs: number | undefined;
  /** Low-passed. */
  #intervalMs = 33;
  #hasBFrames = false;

  /** `onPicture` is called from within `push` and `tick`, with a keyframe first. */
  constructor(terms: IngestTrack, clock: SenderReportClock, onPicture: (picture: ReceivedPicture) => void) {
    this.#terms = terms;
    this.#clock = clock;
    this.#onPicture = onPicture;
    const codec = terms.codec === 'vp8' ? 'vp8' : 'h264';
    const nack = terms.feedback.includes('nack');
    const rids = terms.rids.length > 1 ? terms.rids : [undefined];
    this.#layers = rids.map(
      (rid) => new VideoLayer({ codec, nack, rid, parameterSets: terms.parameterSets }),
    );
    this.#demux = new RidDemux({ extensionIds: terms.extensionIds });
    this.#choice = terms.rids.length > 1 ? new LayerChoice(terms.rids.length) : undefined;
    const canFir = terms.feedback.includes('ccm fir');
    this.#requests = new Map(this.#layers.map((layer) => [layer, new KeyframeRequests({ canFir })]));
  }

  get layers(): readonly VideoLayer[] {
    return this.#layers;
  }

  /** The simulcast layer that is taken; undefined without simulcast. */
  get rid(): string | undefined {
    return this.#choice?.chosen;
  }

  /** True once a picture was predicted from a later one. */
  get hasBFrames(): boolean {
    return this.#hasBFrames;
  }

  /** True once a picture was given out. */
  get hasStarted(): boolean {
    return this.#started;
  }

  /** True when the payload type is that of the picture or of its retransmissions. */
  owns(payloadType: number): boolean {
    return payloadType === this.#terms.payloadType || payloadType === this.#terms.rtxPayloadType;
  }

  /** Takes a packet that `owns` said yes to. */
  push(packet: RtpPacket, nowMs: number): void {
    const layer = this.#layerOf(packet);
    if (layer === undefined) return;
    if (packet.payloadType === this.#terms.payloadType) {
      layer.push(packet, nowMs);
    } else {
      const { ssrc } = layer;
      if (ssrc === undefined) return;
      const repaired = unwrapRtx(packet, { payloadType: this.#terms.payloadType, ssrc });
      if (repaired !== undefined) layer.pushRepaired(repaired, nowMs);
    }
    this.#drain(layer, nowMs);
  }

  /** Gives out what waited long enough; on a timer. */
  tick(nowMs: number): void {
    for (const layer of this.#layers) this.#drain(layer, nowMs);
  }

  /** True while packets are waited for. */
  get isWaiting(): boolean {
    return this.#layers.some(({ isWaiting }) => isWaiting);
  }

  /** Round trip by answered NACKs, of the layer that knows one. */
  get rttMs(): number | undefined {
    return this.#layers.find(({ rttMs }) => rttMs !== undefined)?.rttMs;
  }

  /** Asks for a keyframe soon. */
  requestKeyframe(): void {
    for (const [layer, requests] of this.#requests) if (this.#isTaken(layer)) requests.want();
  }

  /** RTCP to send now. */
  feedback(nowMs: number, rttMs: number | undefined): LayerFeedback[] {
    const feedback: LayerFeedback[] = [];
    for (const layer of this.#layers) {
      if (layer.ssrc === undefined) continue;
      const sequences = layer.nacks(nowMs, rttMs);
      if (sequences.length > 0) feedback.push({ type: 'nack', ssrc: layer.ssrc, sequences });
    }
    const states = this.#states();
    for (const [layer, requests] of this.#requests) {
      const need = this.#choice?.keyframeNeed(layer.rid ?? '', states, nowMs) ?? 'regular';
      if (layer.ssrc === undefined || need === 'none') continue;
      const type = requests.due(nowMs, need === 'now' || layer.keyframeNeeded);
      if (type !== undefined) feedback.push({ type, ssrc: layer.ssrc });
    }
    return feedback;
  }

  /** Pictures given out and given up since the last call. */
  takeCounts(): { readonly frames: number; readonly droppedFrames: number } {
    const counts = { frames: this.#frames, droppedFrames: this.#droppedFrames };
    this.#frames = 0;
    this.#droppedFrames = 0;
    return counts;
  }

  #layerOf(packet: RtpPacket): VideoLayer | undefined {
    if (this.#choice === undefined) return this.#layers[0];
    const rid = this.#demux.sourceOf(packet)?.rid;
    return rid === undefined ? undefined : this.#layers.find((layer) => layer.rid === rid);
  }

  /** True for the layer whose pictures are given out. */
  #isTaken(layer: VideoLayer): boolean {
    return this.#choice === undefined || layer.rid === this.#choice.chosen;
  }

  #states(): LayerState[] {
    return this.#layers.map(({ rid = '', pixels, lastPacketMs, lastButOneMs }) => {
      return { rid, pixels, lastPacketMs, lastButOneMs };
    });
  }

  #drain(layer: VideoLayer, nowMs: number): void {
    layer.drain(nowMs, (picture) => this.#take(layer, picture, nowMs));
    if (this.#isTaken(layer) && this.#started && layer.keyframeNeeded) this.#wasBroken = true;
  }

  /** Counts what is missing between the last picture and this one, by how far apart pictures are otherwise. */
  #countDropped(ptsMs: number): void {
    const stepMs = ptsMs - (this.#lastPtsMs ?? ptsMs);
    this.#lastPtsMs = ptsMs;
    if (this.#wasBroken) {
      this.#wasBroken = false;
      this.#droppedFrames += Math.max(1, Math.round(stepMs / this.#intervalMs) - 1);
    } else if (stepMs > 0) {
      this.#intervalMs += (stepMs - this.#intervalMs) / 4;
    }
  }

  #take(layer: VideoLayer, picture: LayerPicture, nowMs: number): void {
    const { keyframe } = picture;
    if (keyframe) this.#requests.get(layer)?.keyframe(nowMs);
    const isTaken =
      this.#choice === undefined || this.#choice.takes(layer.rid ?? '', keyframe, this.#states(), nowMs);
    if (!isTaken || (!this.#started && !keyframe)) return;
    this.#started = true;
    this.#frames++;
    if (picture.hasBSlice) this.#hasBFrames = true;
    if (this.#hasBFrames) this.#order.expectDepth(Math.max(1, picture.reorderDepth));
    const stream = { ssrc: picture.ssrc, clockRate: VIDEO_CLOCK_RATE };
    const presentedMs = this.#clock.toMs(stream, picture.rtpTime, nowMs);
    this.#countDropped(presentedMs);
    const { ptsMs, dtsMs } = this.#order.next(presentedMs, keyframe);
    this.#onPicture({ track: picture.track, ptsMs, dtsMs, keyframe, payload: picture.payload });
  }
}
