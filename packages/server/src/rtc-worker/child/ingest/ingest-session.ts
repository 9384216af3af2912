import { equalBytes } from '@tallylight/media/bytes/concat.ts';
import { readRtcp } from '@tallylight/media/rtp/rtcp/read-rtcp.ts';
import type { SenderReport } from '@tallylight/media/rtp/rtcp/sender-report.ts';
import { RtpError } from '@tallylight/media/rtp/rtp-error.ts';
import { isRtcp, type RtpPacket, readRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { SenderReportClock } from '@tallylight/media/rtp/sender-report-clock.ts';
import { TransportFeedbackRecorder } from '@tallylight/media/rtp/transport-feedback-recorder.ts';
import { negotiateIngest } from '@tallylight/media/sdp/answer-ingest.ts';
import type { Track } from 'node-datachannel';
import type { Track as MediaTrack } from '../../../stream/track.ts';
import type { SessionNumber } from '../../protocol/messages.ts';
import { toWireTrack } from '../../protocol/wire-track.ts';
import type { ChildSession, ChildSessionEvents, SessionAnswer } from '../child-session.ts';
import { answerMedia, judgingOffer, readOffer } from '../negotiation.ts';
import type { ParentLink } from '../parent-link.ts';
import { Peer, type PeerEnvironment } from '../peer.ts';
import { AudioReceiver, type ReceivedSound } from './audio-receiver.ts';
import { IngestStatistics } from './ingest-statistics.ts';
import { RoundTrip } from './round-trip.ts';
import { RtcpSender } from './rtcp-sender.ts';
import { TrafficBound } from './traffic-bound.ts';
import { type ReceivedPicture, VideoReceiver } from './video-receiver.ts';

/** Numbers of the tracks in unit frames. */
const TRACK_NUMBER = { video: 0, audio: 1 } as const;
/** Often enough for the publisher's estimate of the bandwidth to follow. */
const TRANSPORT_FEEDBACK_MS = 50;
/** Packets come more often than that and take the feedback with them: each wake-up of the process costs as much as some packets. */
const TICK_MS = 100;
/** Between requests for packets that are missing. */
const NACK_MS = 10;
const REPORT_MS = 1000;
/** The server hears so often that a publisher lives while nothing becomes a unit: it lets nobody take over from one that it hears. */
const HEARD_MS = 200;
/** Sound waits so long for the first picture; then the camera is taken for off. */
const PICTURE_WAIT_MS = 3000;
const MAX_LOGGED = 1000;

/** A publisher: RTP in, access units out. */
export class IngestSession implements ChildSession {
  readonly #number: SessionNumber;
  readonly #offer: string;
  readonly #environment: PeerEnvironment;
  readonly #events: ChildSessionEvents;
  readonly #parent: ParentLink;
  readonly #peer: Peer;
  readonly #rtcp = new RtcpSender();
  readonly #roundTrip = new RoundTrip(this.#rtcp.ssrc);
  readonly #arrivals = new TransportFeedbackRecorder();
  readonly #clock = new SenderReportClock();
  readonly #statistics = new IngestStatistics();
  readonly #bound: TrafficBound;
  #video: VideoReceiver | undefined;
  #audio: AudioReceiver | undefined;
  #transportSequenceId: number | undefined;
  /** What the server knows of the tracks. */
  readonly #announced = new Map<MediaTrack['kind'], MediaTrack>();
  #connectedMs: number | undefined;
  #lastPacketMs = 0;
  /** When the server was told last that the publisher lives, by a unit or in so many words. */
  #lastToldMs = Number.NEGATIVE_INFINITY;
  #lastReportMs = 0;
  #lastFeedbackMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #nackTimer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly number: SessionNumber;
    readonly offer: string;
    readonly environment: PeerEnvironment;
    readonly events: ChildSessionEvents;
    readonly parent: ParentLink;
  }) {
    this.#number = options.number;
    this.#offer = options.offer;
    this.#environment = options.environment;
    this.#events = options.events;
    this.#parent = options.parent;
    this.#bound = new TrafficBound(options.environment.limits.maxBitrateBps);
    this.#peer = new Peer({
      environment: options.environment,
      name: `ingest-${options.number}`,
      events: {
        onConnected: () => this.#onConnected(),
        onClosed: (reason) => {
          this.#release();
          this.#events.onClosed(reason);
        },
      },
      onTrack: (track) => this.#onTrack(track),
    });
  }

  async open(): Promise<SessionAnswer> {
    try {
      const offer = readOffer(this.#offer);
      const negotiation = judgingOffer(() => negotiateIngest(offer));
      const { video, audio } = negotiation;
      if (video !== undefined) {
        this.#video = new VideoReceiver(video, this.#clock, (picture) => this.#onPicture(picture));
      }
      if (audio !== undefined) {
        this.#audio = new AudioReceiver(audio, this.#clock, (sound) => this.#onSound(sound));
      }
      this.#transportSequenceId = (video ?? audio)?.extensionIds.transportCc;
      return answerMedia(negotiation, this.#peer, this.#environment);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Asks the publisher for a keyframe, unless one came just now. */
  requestKeyframe(): void {
    this.#video?.requestKeyframe();
    this.#guard(() => this.#sendFeedback(this.#now()));
  }

  close(): void {
    this.#release();
    this.#peer.close();
  }

  #now(): number {
    return this.#environment.clock.monotonicMs();
  }

  #onTrack(track: Track): void {
    // No media handler: one would keep the RTCP for itself.
    this.#rtcp.use(track);
    track.onMessage((bytes) => this.#onPacket(bytes));
  }

  #onConnected(): void {
    const nowMs = this.#now();
    this.#connectedMs = nowMs;
    this.#lastPacketMs = nowMs;
    this.#lastReportMs = nowMs;
    this.#statistics.start(nowMs);
    this.#timer = setInterval(() => this.#guard(() => this.#tick()), TICK_MS);
    this.#events.onConnected();
  }

  #onPacket(bytes: Uint8Array): void {
    if (this.#peer.isClosed) return;
    const nowMs = this.#now();
    this.#guard(() => {
      const isControl = isRtcp(bytes);
      if (!this.#bound.bears(bytes.length, isControl, nowMs)) this.#peer.end('protocol-error');
      else if (isControl) this.#onRtcp(bytes, nowMs);
      else this.#onRtp(readRtpPacket(bytes), bytes.length, nowMs);
    });
  }

  /** A fault of ours that a publisher's bytes brought to light ends that session, and not the process with all the others. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      // A malformed packet of a peer that holds the keys: nothing to be done with it.
      if (error instanceof RtpError) return;
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const fields = { session: this.#number, error: why.slice(0, MAX_LOGGED) };
      this.#parent.send({ type: 'log', level: 'error', event: 'a publisher broke its session', fields });
      this.#peer.end('protocol-error');
    }
  }

  #onRtp(packet: RtpPacket, size: number, nowMs: number): void {
    this.#lastPacketMs = nowMs;
    this.#statistics.received(size);
    const id = this.#transportSequenceId;
    const sequence = id === undefined ? undefined : packet.extensions.get(id);
    if (sequence?.length === 2) {
      this.#arrivals.received(((sequence[0] ?? 0) << 8) | (sequence[1] ?? 0), nowMs);
    }
    if (this.#video?.owns(packet.payloadType) === true) this.#video.push(packet, nowMs);
    else if (this.#audio?.owns(packet.payloadType) === true) this.#audio.push(packet, nowMs);
    this.#heard(nowMs);
    this.#feedBack(nowMs);
    this.#nackSoon();
  }

  #heard(nowMs: number): void {
    if (nowMs - this.#lastToldMs < HEARD_MS) return;
    this.#lastToldMs = nowMs;
    this.#parent.send({ type: 'heard', session: this.#number });
  }

  /** Tells the publisher when its packets came, now and then. */
  #feedBack(nowMs: number): void {
    if (nowMs - this.#lastFeedbackMs < TRANSPORT_FEEDBACK_MS) return;
    this.#lastFeedbackMs = nowMs;
    const mediaSsrc = this.#sources().find(({ ssrc }) => ssrc !== undefined)?.ssrc;
    if (mediaSsrc !== undefined) this.#rtcp.transportFeedback(this.#arrivals, mediaSsrc);
  }

  #onRtcp(bytes: Uint8Array, nowMs: number): void {
    const packets = readRtcp(bytes, { maxStatuses: 0 });
    this.#roundTrip.read(bytes, nowMs);
    for (const packet of packets) {
      if (packet.type !== 'sender-report') continue;
      this.#onSenderReport(packet, nowMs);
      // Between the pictures of a screen there is nothing else for seconds.
      this.#heard(nowMs);
      // A publisher that stops one of its tracks says BYE too: only silence ends the session.
    }
  }

  #onSenderReport(report: SenderReport, nowMs: number): void {
    this.#clock.report(report, nowMs);
    for (const source of this.#sources()) {
      if (source.ssrc === report.ssrc) source.statistics?.senderReport(report, nowMs);
    }
  }

  #sources(): Pick<AudioReceiver, 'ssrc' | 'statistics'>[] {
    return [...(this.#video?.layers ?? []), ...(this.#audio === undefined ? [] : [this.#audio])];
  }

  #tick(): void {
    const nowMs = this.#now();
    if (nowMs - this.#lastPacketMs > this.#environment.limits.silenceTimeoutMs) {
      this.#release();
      this.#peer.end('silent');
      return;
    }
    this.#repair(nowMs);
    this.#feedBack(nowMs);
    if (nowMs - this.#lastReportMs >= REPORT_MS) this.#report(nowMs);
  }

  #report(nowMs: number): void {
    this.#lastReportMs = nowMs;
    const reports = this.#sources().flatMap(({ statistics }) =>
      statistics === undefined ? [] : [statistics.report(nowMs)],
    );
    this.#rtcp.receiverReport(reports, this.#roundTrip.request(nowMs));
    const stats = this.#statistics.take(nowMs, {
      sources: this.#sources(),
      video: this.#video,
      audio: this.#audio,
      rttMs: this.#roundTrip.rttMs ?? this.#video?.rttMs,
    });
    this.#parent.send({ type: 'stats', session: this.#number, stats });
  }

  /** While packets are missing, the regular tick would ask for them too late. */
  #nackSoon(): void {
    if (this.#nackTimer !== undefined) return;
    if (this.#video?.isWaiting !== true && this.#audio?.isWaiting !== true) return;
    this.#nackTimer = setTimeout(() => {
      this.#nackTimer = undefined;
      this.#guard(() => this.#repair(this.#now()));
    }, NACK_MS);
  }

  #repair(nowMs: number): void {
    this.#video?.tick(nowMs);
    this.#audio?.tick(nowMs);
    this.#sendFeedback(nowMs);
    this.#nackSoon();
  }

  #sendFeedback(nowMs: number): void {
    for (const feedback of this.#video?.feedback(nowMs, this.#roundTrip.rttMs) ?? []) {
      if (feedback.type === 'nack') this.#rtcp.nack(feedback.ssrc, feedback.sequences);
      else if (feedback.type === 'pli') this.#rtcp.pli(feedback.ssrc);
      else this.#rtcp.fir(feedback.ssrc);
    }
    const sequences = this.#audio?.nacks(nowMs, this.#roundTrip.rttMs) ?? [];
    if (sequences.length > 0 && this.#audio?.ssrc !== undefined) {
      this.#rtcp.nack(this.#audio.ssrc, sequences);
    }
  }

  #onPicture({ track, ptsMs, dtsMs, keyframe, payload }: ReceivedPicture): void {
    this.#announce(track);
    this.#lastToldMs = this.#now();
    this.#parent.sendUnit({
      channel: this.#number,
      track: TRACK_NUMBER.video,
      kind: 'video',
      keyframe,
      ptsMs,
      dtsMs,
      payload,
    });
  }

  #onSound({ track, ptsMs, payload }: ReceivedSound): void {
    const nowMs = this.#now();
    const connectedMs = this.#connectedMs ?? nowMs;
    const isEarly = this.#video?.hasStarted === false && nowMs - connectedMs < PICTURE_WAIT_MS;
    if (isEarly) return;
    this.#announce(track);
    this.#lastToldMs = nowMs;
    this.#parent.sendUnit({
      channel: this.#number,
      track: TRACK_NUMBER.audio,
      kind: 'audio',
      keyframe: true,
      ptsMs,
      dtsMs: ptsMs,
      payload,
    });
  }

  /** Tells the server about a track when it is new or changed. */
  #announce(track: MediaTrack): void {
    const known = this.#announced.get(track.kind);
    if (known === track) return;
    this.#announced.set(track.kind, track);
    if (known !== undefined && isSame(known, track)) return;
    this.#parent.send({
      type: 'track',
      session: this.#number,
      track: TRACK_NUMBER[track.kind],
      description: toWireTrack(track),
    });
  }

  #release(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#nackTimer);
    this.#rtcp.release();
  }
}

/** True for tracks that differ in nothing; a layer that comes back is announced with the same parameters. */
function isSame(a: MediaTrack, b: MediaTrack): boolean {
  if (!equalBytes(a.config, b.config) || a.codec !== b.codec) return false;
  return a.kind !== 'video' || b.kind !== 'video' || (a.width === b.width && a.height === b.height);
}
