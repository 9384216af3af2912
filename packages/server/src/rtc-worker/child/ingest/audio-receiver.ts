import {
  OPUS_CODEC_STRING,
  OPUS_SAMPLE_RATE,
  writeOpusHead,
} from '@tallylight/media/codecs/opus/opus-head.ts';
import { OpusDepacketizer, type OpusFrame } from '@tallylight/media/rtp/depacketizer/opus.ts';
import { JitterBuffer } from '@tallylight/media/rtp/jitter-buffer.ts';
import { ReceptionStatistics } from '@tallylight/media/rtp/reception-statistics.ts';
import type { RtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import type { SenderReportClock } from '@tallylight/media/rtp/sender-report-clock.ts';
import type { IngestTrack } from '@tallylight/media/sdp/answer-ingest.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import type { AudioTrack } from '../../../stream/track.ts';

/** A sound frame on the session's clock. */
export interface ReceivedSound {
  readonly track: AudioTrack;
  readonly ptsMs: number;
  readonly payload: Uint8Array;
}

/** RTP announces two channels whatever is sent (RFC 7587 §4.1), and decoders give two for either. */
const CHANNELS = 2;
/** 6.5 ms: browsers stamp a packet with the time of its input, and the encoder looks ahead by so much. */
const ENCODER_DELAY_SAMPLES = 312;

/** Puts the publisher's Opus in order. */
export class AudioReceiver {
  readonly #terms: IngestTrack;
  readonly #clock: SenderReportClock;
  readonly #onSound: (sound: ReceivedSound) => void;
  readonly #buffer: JitterBuffer;
  readonly #depacketizer = new OpusDepacketizer();
  #statistics: ReceptionStatistics | undefined;
  #ssrc: number | undefined;
  #track: AudioTrack | undefined;
  #lastPtsMs = Number.NEGATIVE_INFINITY;
  #lostPackets = 0;

  /** `onSound` is called from within `push` and `tick`; its times rise. */
  constructor(terms: IngestTrack, clock: SenderReportClock, onSound: (sound: ReceivedSound) => void) {
    this.#terms = terms;
    this.#clock = clock;
    this.#onSound = onSound;
    this.#buffer = new JitterBuffer({ nack: terms.feedback.includes('nack') });
  }

  /** SSRC of the packets now; undefined before the first one. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  get statistics(): ReceptionStatistics | undefined {
    return this.#statistics;
  }

  /** True when the payload type is that of the sound. */
  owns(payloadType: number): boolean {
    return payloadType === this.#terms.payloadType;
  }

  /** Takes a packet that `owns` said yes to. */
  push(packet: RtpPacket, nowMs: number): void {
    if (packet.ssrc !== this.#ssrc) {
      this.#ssrc = packet.ssrc;
      this.#statistics = new ReceptionStatistics({ ssrc: packet.ssrc, clockRate: OPUS_SAMPLE_RATE });
    }
    this.#statistics?.received(packet, nowMs);
    this.#buffer.push(packet, nowMs);
    this.tick(nowMs);
  }

  /** Gives out what waited long enough; on a timer. */
  tick(nowMs: number): void {
    for (let event = this.#buffer.take(nowMs); event !== undefined; event = this.#buffer.take(nowMs)) {
      if (event.type === 'gap') {
        this.#lostPackets += event.sequences;
        this.#depacketizer.loss();
        continue;
      }
      this.#depacketizer.push(event.packet);
      const frame = this.#depacketizer.take();
      if (frame !== undefined) this.#give(frame, nowMs);
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

  /** Packets that never came, since the last call. */
  takeLostPackets(): number {
    const lost = this.#lostPackets;
    this.#lostPackets = 0;
    return lost;
  }

  #give(frame: OpusFrame, nowMs: number): void {
    const ptsMs = this.#clock.toMs({ ssrc: frame.ssrc, clockRate: OPUS_SAMPLE_RATE }, frame.rtpTime, nowMs);
    // After a change of SSRC the new stream may begin on the old one's end.
    if (ptsMs <= this.#lastPtsMs) return;
    this.#lastPtsMs = ptsMs;
    this.#track ??= opusTrack(frame.samples);
    this.#onSound({ track: this.#track, ptsMs, payload: frame.payload });
  }
}

function opusTrack(samplesPerFrame: number): AudioTrack {
  return {
    kind: 'audio',
    codec: 'opus',
    codecString: OPUS_CODEC_STRING,
    timescale: MILLISECONDS,
    sampleRate: OPUS_SAMPLE_RATE,
    channels: CHANNELS,
    samplesPerFrame,
    config: writeOpusHead({
      channels: CHANNELS,
      preSkip: ENCODER_DELAY_SAMPLES,
      inputSampleRate: OPUS_SAMPLE_RATE,
      outputGain: 0,
      mappingFamily: 0,
      mappingTable: new Uint8Array(0),
    }),
  };
}
