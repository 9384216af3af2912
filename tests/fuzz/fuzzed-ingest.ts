import { writeFir } from '@tallylight/media/rtp/rtcp/fir.ts';
import { writeNack } from '@tallylight/media/rtp/rtcp/nack.ts';
import { writePli } from '@tallylight/media/rtp/rtcp/pli.ts';
import { type RtcpPacket, readRtcp } from '@tallylight/media/rtp/rtcp/read-rtcp.ts';
import type { RtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { SenderReportClock } from '@tallylight/media/rtp/sender-report-clock.ts';
import type { IngestTrack } from '@tallylight/media/sdp/answer-ingest.ts';
import { AudioReceiver } from '@tallylight/server/rtc-worker/child/ingest/audio-receiver.ts';
import { IngestStatistics } from '@tallylight/server/rtc-worker/child/ingest/ingest-statistics.ts';
import { RoundTrip } from '@tallylight/server/rtc-worker/child/ingest/round-trip.ts';
import {
  type ReceivedPicture,
  VideoReceiver,
} from '@tallylight/server/rtc-worker/child/ingest/video-receiver.ts';

/** Names us in RTCP. */
export const OWN_SSRC = 1;
const TERMS = {
  clockRate: 90_000,
  extensionIds: { mid: 4, rid: 10, repairedRid: 11 },
  rids: [],
  feedback: ['nack', 'nack pli', 'ccm fir'],
  parameterSets: [],
} satisfies Partial<IngestTrack>;
const H264: IngestTrack = { ...TERMS, codec: 'h264', payloadType: 102 };
const VP8: IngestTrack = { ...TERMS, codec: 'vp8', payloadType: 96, rtxPayloadType: 97 };
const OPUS: IngestTrack = { ...TERMS, codec: 'opus', payloadType: 111, clockRate: 48_000 };
const LAYERS = ['q', 'f'];
const RID_BYTES = LAYERS.map((rid) => new TextEncoder().encode(rid));
/** Two receivers of one encoding, and two of a simulcast. */
const LAYER_COUNT = 2 + 2 * LAYERS.length;
/** Of each layer a keyframe is asked for at most so often. */
const KEYFRAME_REQUEST_MS = 300;
const MAX_NACKS = 256;
const MAX_RTT_MS = 10_000;
/** Feedback and figures are asked for at every so many packets. */
const FEEDBACK_EACH = 16;
const FIGURES_EACH = 1000;

/** The receivers of a publisher's session, as they are, each with all packets; throws where one breaks its word. */
export class FuzzedIngest {
  readonly seen = { pictures: 0, layers: 0, sounds: 0, rtts: 0, nacks: 0, keyframesAsked: 0 };
  readonly #clock = new SenderReportClock();
  readonly #roundTrip = new RoundTrip(OWN_SSRC);
  readonly #single = [this.#video(H264, 'pictures'), this.#video(VP8, 'pictures')];
  readonly #layered = [
    this.#video({ ...H264, rids: LAYERS }, 'layers'),
    this.#video({ ...VP8, rids: LAYERS }, 'layers'),
  ];
  readonly #sound = this.#audio();
  readonly #figures = new IngestStatistics();
  #packets = 0;

  /** Takes a datagram of RTCP; `packets` are what it holds, none when it is malformed. */
  rtcp(datagram: Uint8Array, packets: readonly RtcpPacket[], nowMs: number): void {
    this.#roundTrip.read(datagram, nowMs);
    const { rttMs } = this.#roundTrip;
    if (rttMs !== undefined) {
      this.seen.rtts++;
      if (!(rttMs >= 0 && rttMs <= MAX_RTT_MS)) throw new Error(`a round trip of ${rttMs} ms`);
    }
    for (const packet of packets) if (packet.type === 'sender-report') this.#clock.report(packet, nowMs);
  }

  /** Takes a packet; the simulcasts get it on each layer. */
  rtp(packet: RtpPacket, nowMs: number): void {
    for (const receiver of this.#single) {
      if (receiver.owns(packet.payloadType)) receiver.push(packet, nowMs);
    }
    for (const receiver of this.#layered) {
      if (!receiver.owns(packet.payloadType)) continue;
      RID_BYTES.forEach((rid, index) => {
        // A name that the packet brings itself goes before: mostly noise.
        const extensions = new Map([[TERMS.extensionIds.rid, rid], ...packet.extensions]);
        receiver.push({ ...packet, ssrc: packet.ssrc + index, extensions }, nowMs);
      });
    }
    if (this.#sound.owns(packet.payloadType)) this.#sound.push(packet, nowMs);
    this.#packets++;
    this.#figures.received(packet.payload.length);
    if (this.#packets % FEEDBACK_EACH === 0) this.#feedback(nowMs);
    if (this.#packets % FIGURES_EACH === 0) this.#checkFigures(nowMs);
  }

  #feedback(nowMs: number): void {
    for (const receiver of [...this.#single, ...this.#layered]) {
      receiver.tick(nowMs);
      for (const feedback of receiver.feedback(nowMs, this.#roundTrip.rttMs)) {
        if (feedback.type === 'nack') this.#nack(feedback.ssrc, feedback.sequences);
        else this.#askForKeyframe(feedback.type, feedback.ssrc);
      }
    }
    if (this.seen.keyframesAsked > LAYER_COUNT * (1 + nowMs / KEYFRAME_REQUEST_MS)) {
      throw new Error(`${this.seen.keyframesAsked} keyframes were asked for in ${nowMs} ms`);
    }
    this.#sound.tick(nowMs);
    const sequences = this.#sound.nacks(nowMs, this.#roundTrip.rttMs);
    if (sequences.length > 0) this.#nack(this.#sound.ssrc ?? 0, sequences);
  }

  #nack(mediaSsrc: number, sequences: readonly number[]): void {
    if (sequences.length > MAX_NACKS) throw new Error(`a NACK of ${sequences.length} packets`);
    this.seen.nacks++;
    readRtcp(writeNack({ senderSsrc: OWN_SSRC, mediaSsrc, sequences }));
  }

  #askForKeyframe(type: 'pli' | 'fir', ssrc: number): void {
    this.seen.keyframesAsked++;
    if (type === 'pli') readRtcp(writePli({ senderSsrc: OWN_SSRC, mediaSsrc: ssrc }));
    else readRtcp(writeFir({ senderSsrc: OWN_SSRC, requests: [{ ssrc, sequence: 1 }] }));
  }

  #checkFigures(nowMs: number): void {
    for (const video of [...this.#single, ...this.#layered]) {
      const { rttMs } = this.#roundTrip;
      const sources = [...video.layers, this.#sound];
      const figures = this.#figures.take(nowMs, { sources, video, audio: this.#sound, rttMs });
      for (const [name, value] of Object.entries(figures)) {
        if (typeof value === 'number' && !(Number.isFinite(value) && value >= 0)) {
          throw new Error(`${name} is ${value}`);
        }
      }
    }
  }

  /** A receiver whose pictures must begin with a keyframe, hold something, and have decode times that never fall or lie late. */
  #video(terms: IngestTrack, seen: 'pictures' | 'layers'): VideoReceiver {
    let lastDtsMs: number | undefined;
    const take = ({ track, ptsMs, dtsMs, keyframe, payload }: ReceivedPicture): void => {
      this.seen[seen]++;
      if (lastDtsMs === undefined && !keyframe)
        throw new Error(`${terms.codec} does not begin with a keyframe`);
      if (!Number.isSafeInteger(ptsMs) || !Number.isSafeInteger(dtsMs) || dtsMs > ptsMs) {
        throw new Error(`${terms.codec}: PTS ${ptsMs} ms, DTS ${dtsMs} ms`);
      }
      if (dtsMs < (lastDtsMs ?? dtsMs)) throw new Error(`${terms.codec}: DTS ${dtsMs} after ${lastDtsMs} ms`);
      lastDtsMs = dtsMs;
      if (payload.length === 0 || !(track.width > 0 && track.height > 0)) {
        throw new Error(`${terms.codec}: ${payload.length} bytes of ${track.width} × ${track.height}`);
      }
    };
    return new VideoReceiver(terms, this.#clock, take);
  }

  /** A receiver whose times must rise. */
  #audio(): AudioReceiver {
    let lastMs = Number.NEGATIVE_INFINITY;
    return new AudioReceiver(OPUS, this.#clock, ({ ptsMs, payload }) => {
      this.seen.sounds++;
      if (!Number.isSafeInteger(ptsMs) || ptsMs <= lastMs)
        throw new Error(`sound: ${ptsMs} after ${lastMs} ms`);
      lastMs = ptsMs;
      if (payload.length === 0) throw new Error('sound: an empty frame');
    });
  }
}
