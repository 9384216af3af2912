import { randomBytes, randomInt } from 'node:crypto';
import { compactNtp, msToNtp } from '@tallylight/media/rtp/ntp-time.ts';
import { type RtcpPacket, readRtcp } from '@tallylight/media/rtp/rtcp/read-rtcp.ts';
import { MAX_STATUSES } from '@tallylight/media/rtp/rtcp/transport-feedback.ts';
import { RtpError } from '@tallylight/media/rtp/rtp-error.ts';
import type { EgressNegotiation, EgressStreams, EgressTrack } from '@tallylight/media/sdp/answer-egress.ts';
import { Allowance } from '../allowance.ts';
import type { FeedClock } from './feed-clock.ts';
import { HeaderTemplate } from './header-template.ts';
import type { MediaPacket } from './media-packet.ts';
import type { OpusTimeline } from './opus-timeline.ts';
import { PacketSize } from './packet-size.ts';
import { PathEstimate } from './path-estimate.ts';
import type { Picture } from './picture.ts';
import type { Rendition } from './rendition.ts';
import { type PacketSink, RtpStream, type TransportCounter, unixToNtpMs } from './rtp-stream.ts';
import { VideoSender } from './video-sender.ts';

/** What a viewer sees of its feed. */
export interface ViewerFeed {
  readonly clock: FeedClock;
  readonly timeline: OpusTimeline;
  /** Largest bit rate that a viewer's line is thought to carry, in bit/s. */
  readonly maxBitrateBps: number;
  /** From the lowest bit rate to the highest. */
  renditions(): readonly Rendition[];
  /** The viewer has pictures to replay: call its `replay` every few milliseconds while it says true. */
  onReplay(viewer: Viewer): void;
  /** There is nothing of the rendition to begin with. */
  onKeyframeWanted(rendition: Rendition): void;
}

/** RTP clock of video, per millisecond. */
const VIDEO_PER_MS = 90;
/**
 * Pictures kept to be sent again: 0.8 s of a replay at 25 Mbit/s and 8 s of 2.5 Mbit/s. The 512 packets that `RtcpNackResponder` is
 * usually given are 0.2 s of a replay, less than two round trips of a far viewer.
 */
const VIDEO_HISTORY = 2048;
const AUDIO_HISTORY = 256;
/** RFC 3550 §6.2 recommends 5 s; players map sound to picture only after the first of both. */
const REPORT_INTERVAL_MS = 1000;
/** A viewer that says nothing for so long is gone; browsers report every second or so. */
const SILENT_AFTER_MS = 30_000;
/** Datagrams and bytes a second that a viewer may send; Chromium sends about 20 and 2 kB with transport-wide feedback. */
const MAX_RTCP_PER_SECOND = 500;
const MAX_RTCP_BYTES_PER_SECOND = 65_536;
/** Packets that transport-wide feedback may tell of in a second: 2,400 are 25 Mbit/s. */
const MAX_STATUSES_PER_SECOND = 8000;
/** Bit rate that a viewer may have sent again, beside the stream itself. */
const MAX_RESEND_BPS = 8_000_000;
/**
 * A packet is not sent again within this time or this share of the round trip, whichever is more. Chromium asks again after a round
 * trip, and is then right.
 */
const MIN_RESEND_INTERVAL_MS = 20;
const RESEND_INTERVAL_OF_RTT = 0.6;

/** One viewer of a feed: its streams, what its RTCP asks for, and the rendition its network carries. */
export class Viewer {
  readonly #feed: ViewerFeed;
  readonly #video:
    | { readonly stream: RtpStream; readonly sender: VideoSender; readonly size: PacketSize }
    | undefined;
  readonly #audio: RtpStream | undefined;
  readonly #tracks: Pick<EgressNegotiation, 'video' | 'audio'>;
  readonly #path: PathEstimate;
  /** What names the streams to the viewer, for the answer. */
  readonly streams: EgressStreams;
  #started = false;
  #numbered = false;
  #heardAtMs = 0;
  #reportAtMs = 0;
  readonly #datagrams = new Allowance({ perSecond: MAX_RTCP_PER_SECOND });
  readonly #bytes = new Allowance({ perSecond: MAX_RTCP_BYTES_PER_SECOND });
  readonly #statuses = new Allowance({ perSecond: MAX_STATUSES_PER_SECOND, burst: MAX_STATUSES });
  #resendBytes = 0;
  #resendAtMs = 0;

  constructor(feed: ViewerFeed, tracks: Pick<EgressNegotiation, 'video' | 'audio'>, sink: PacketSink) {
    this.#feed = feed;
    this.#path = new PathEstimate(feed.maxBitrateBps);
    this.#tracks = tracks;
    const [videoSsrc, audioSsrc] = twoNumbers();
    this.streams = {
      cname: randomBytes(12).toString('hex'),
      streamId: randomBytes(12).toString('hex'),
      videoSsrc,
      audioSsrc,
    };
    const counter: TransportCounter = {
      next: () => this.#path.nextNumber,
      sent: (bytes) => this.#path.sent(bytes, feed.clock.monotonicMs()),
    };
    const open = (track: EgressTrack, ssrc: number, history: number): RtpStream =>
      new RtpStream({
        sink,
        counter,
        ssrc,
        history,
        template: templateOf(track, ssrc, false),
        cname: this.streams.cname,
        sequence: randomInt(0x1_0000),
        timestamp: randomInt(0x1_0000_0000),
      });
    const events = {
      onReplay: (): void => feed.onReplay(this),
      onKeyframeWanted: (rendition: Rendition): void => feed.onKeyframeWanted(rendition),
    };
    if (tracks.video !== undefined) {
      const { video: track } = tracks;
      const stream = open(track, videoSsrc, VIDEO_HISTORY);
      const sender = new VideoSender(stream, events);
      this.#video = { stream, sender, size: new PacketSize({ track, stream, sender }) };
    }
    if (tracks.audio !== undefined) this.#audio = open(tracks.audio, audioSsrc, AUDIO_HISTORY);
  }

  /** The rendition that it gets now. */
  get rendition(): Rendition | undefined {
    return this.#video?.sender.rendition;
  }

  /** The connection stands: media flows from now on. */
  start(nowMs: number): void {
    this.#started = true;
    this.#heardAtMs = nowMs;
    this.#resendAtMs = nowMs;
    this.#video?.size.start(nowMs);
    this.renditionsChanged(nowMs);
    this.#report(nowMs);
  }

  /**
   * Says good-bye, as the last thing: the native library closes DTLS without a word when there is no data channel. Chromium does not heed
   * it either; its page learns the end by the silence, for reports come each second while a session lives.
   */
  end(): void {
    if (!this.#started) return;
    this.#started = false;
    this.#video?.stream.end();
    this.#audio?.end();
  }

  /** A rendition came or went. */
  renditionsChanged(nowMs: number): void {
    const renditions = this.#feed.renditions();
    this.#number(renditions.length > 1);
    const sender = this.#video?.sender;
    if (sender === undefined || !this.#started) return;
    if (sender.rendition !== undefined && renditions.includes(sender.rendition)) return;
    sender.begin(this.#path.choose(renditions, nowMs), nowMs);
  }

  /** A live picture of any rendition. */
  picture(rendition: Rendition, picture: Picture): void {
    if (this.#started) this.#video?.sender.live(rendition, picture);
  }

  /** A packet of sound, at an RTP time that is not wrapped. */
  sound(packet: MediaPacket, rtpTime: number): void {
    if (this.#started) this.#audio?.send(packet, rtpTime);
  }

  /** Goes on with a replay; false when it is through. */
  replay(nowMs: number): boolean {
    return this.#video?.sender.replay(nowMs) === true;
  }

  /** Four times a second: reports, what had to wait, the choice of the rendition. False when the viewer fell silent. */
  tick(nowMs: number): boolean {
    if (!this.#started) return true;
    if (nowMs - this.#heardAtMs > SILENT_AFTER_MS) return false;
    if (nowMs >= this.#reportAtMs) this.#report(nowMs);
    const sender = this.#video?.sender;
    sender?.tick(nowMs);
    this.#video?.size.tick(nowMs);
    const renditions = this.#feed.renditions();
    if (sender?.rendition !== undefined && renditions.length > 1) {
      const chosen = this.#path.choose(renditions, nowMs);
      if (chosen !== undefined) sender.switchTo(chosen);
    }
    return true;
  }

  /**
   * RTCP of the viewer, decrypted and authentic but from anybody. All of it comes here: without a media handler the native library hands
   * on every packet, and with `RtcpNackResponder` it would do so, too, having answered the NACKs in it. A compound comes once, because
   * the connection has one native track: with two it comes to each track that any packet in it names, which may be both.
   * False for a viewer that sends more than any player does: its session is to be ended, for the native library reads what it sends.
   */
  rtcp(bytes: Uint8Array, nowMs: number): boolean {
    this.#heardAtMs = nowMs;
    if (!this.#datagrams.spend(1, nowMs) || !this.#bytes.spend(bytes.length, nowMs)) return false;
    const isOfUse = this.#numbered || this.#video?.size.isAwaiting === true;
    const maxStatuses = isOfUse ? this.#statuses.left(nowMs) : 0;
    for (const packet of readable(bytes, maxStatuses)) this.#take(packet, nowMs);
    return true;
  }

  #take(packet: RtcpPacket, nowMs: number): void {
    switch (packet.type) {
      case 'nack': {
        const stream = [this.#video?.stream, this.#audio].find((each) => each?.ssrc === packet.mediaSsrc);
        if (stream !== undefined) this.#resend(stream, packet.sequences, nowMs);
        break;
      }
      case 'pli':
      case 'fir':
        this.#video?.size.undecodable(nowMs);
        this.#video?.sender.wantKeyframe(nowMs);
        break;
      case 'transport-feedback':
        this.#statuses.spend(packet.arrivalsMs.length, nowMs);
        this.#video?.size.feedback(packet, nowMs);
        if (this.#numbered) this.#path.feedback(packet, nowMs);
        break;
      case 'receiver-report':
      case 'sender-report':
        for (const report of packet.reports) {
          if (report.lastSenderReport === 0) continue;
          const now = compactNtp(msToNtp(unixToNtpMs(this.#feed.clock.wallMs())));
          const elapsed = (now - report.lastSenderReport - report.delaySinceLastSenderReport) >>> 0;
          // A report that came from the future is a mistake of the viewer's.
          if (elapsed < 0x8000_0000) this.#path.roundTrip((elapsed * 1000) / 0x1_0000);
        }
        break;
      default:
    }
  }

  #resend(stream: RtpStream, sequences: readonly number[], nowMs: number): void {
    const spare = this.#resendBytes - ((nowMs - this.#resendAtMs) * MAX_RESEND_BPS) / 8000;
    this.#resendBytes = Math.max(0, spare);
    this.#resendAtMs = nowMs;
    const intervalMs = Math.max(MIN_RESEND_INTERVAL_MS, (this.#path.rttMs ?? 0) * RESEND_INTERVAL_OF_RTT);
    for (const sequence of sequences) {
      // Half a second's worth at once.
      if (this.#resendBytes > MAX_RESEND_BPS / 16) break;
      const sent = stream.resend(sequence, nowMs, intervalMs);
      if (sent === undefined) continue;
      this.#resendBytes += sent.packet.payloadBytes;
      if (sent.isResent) this.#video?.size.vanished(sent.packet.payloadBytes, nowMs);
    }
  }

  /**
   * Numbers the packets for transport-wide feedback, or not. The feedback serves the choice between renditions only. Reading one takes some
   * 15 µs here and as much in the native library and between the threads, 10 to 20 times a second: a tenth to a fifth of all that a viewer
   * costs. A feed with one rendition goes without, but for the probes of the path's packet size.
   */
  #number(numbered: boolean): void {
    if (numbered === this.#numbered) return;
    this.#numbered = numbered;
    const { videoSsrc, audioSsrc } = this.streams;
    const { video, audio } = this.#tracks;
    if (this.#video && video) this.#video.stream.template = templateOf(video, videoSsrc, numbered);
    if (this.#audio && audio) this.#audio.template = templateOf(audio, audioSsrc, numbered);
  }

  #report(nowMs: number): void {
    const { clock, timeline } = this.#feed;
    const streamMs = clock.streamMs();
    if (streamMs === undefined) return;
    this.#reportAtMs = nowMs + REPORT_INTERVAL_MS;
    const wallMs = clock.wallMs();
    this.#video?.stream.report(wallMs, streamMs * VIDEO_PER_MS);
    this.#audio?.report(wallMs, timeline.at(streamMs));
  }
}

function templateOf(track: EgressTrack, ssrc: number, numbered: boolean): HeaderTemplate {
  return new HeaderTemplate({ payloadType: track.payloadType, ssrc }, track.extensionIds, numbered);
}

/** The packets of a compound; none of a malformed one, which is not worth the session. */
function readable(bytes: Uint8Array, maxStatuses: number): readonly RtcpPacket[] {
  try {
    return readRtcp(bytes, { maxStatuses });
  } catch (error) {
    if (error instanceof RtpError) return [];
    throw error;
  }
}

/** Two different SSRCs, neither 0. */
function twoNumbers(): readonly [number, number] {
  const first = randomInt(1, 0xffff_fffe);
  return [first, first + 1];
}
