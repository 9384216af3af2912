import { PathMtuSearch } from '@tallylight/media/rtp/path-mtu-search.ts';
import type { TransportFeedback } from '@tallylight/media/rtp/rtcp/transport-feedback.ts';
import type { EgressTrack } from '@tallylight/media/sdp/answer-egress.ts';
import { Allowance } from '../allowance.ts';
import { HeaderTemplate } from './header-template.ts';
import { PACKET_HEADER_BYTES, PACKET_PAYLOAD } from './packet-payload.ts';
import type { RtpStream } from './rtp-stream.ts';
import type { VideoSender } from './video-sender.ts';

/** A viewer begins with a replay, at a rate that loses packets on thin lines; what is lost then says nothing of sizes. */
const FIRST_PROBE_AFTER_MS = 2000;
/** Large packets that may be asked for more than once in a second: with a fifth of all lost it are seven of 2.5 Mbit/s. */
const MAX_VANISHED_PER_SECOND = 10;

/**
 * How large the packets of a viewer's pictures are: the base size, until a probe of the large one came through, and again when the
 * viewer can no longer decode. Only where the viewer acknowledges each packet (transport-wide feedback) and asks for lost ones.
 */
export class PacketSize {
  readonly #track: EgressTrack;
  readonly #stream: RtpStream;
  readonly #sender: VideoSender;
  readonly #search = new PathMtuSearch();
  readonly #vanished = new Allowance({ perSecond: MAX_VANISHED_PER_SECOND });

  constructor(video: {
    readonly track: EgressTrack;
    readonly stream: RtpStream;
    readonly sender: VideoSender;
  }) {
    this.#track = video.track;
    this.#stream = video.stream;
    this.#sender = video.sender;
  }

  /** True while feedback is of use here. */
  get isAwaiting(): boolean {
    return this.#search.isAwaiting;
  }

  /** Media flows from now on. */
  start(nowMs: number): void {
    const { extensionIds, feedback } = this.#track;
    const canTell = extensionIds.transportCc !== undefined && feedback.includes('transport-cc');
    if (canTell && feedback.includes('nack')) this.#search.start(nowMs + FIRST_PROBE_AFTER_MS);
  }

  /** To be called a few times a second. */
  tick(nowMs: number): void {
    // Our own system refuses the size, for it learned of a smaller MTU: what was begun cannot be ended.
    if (this.#sender.isStuck) this.#beginAnew(nowMs);
    if (!this.#search.isDue(nowMs)) return;
    const { payloadType, extensionIds } = this.#track;
    const stream = { payloadType, ssrc: this.#stream.ssrc };
    const packetBytes = PACKET_HEADER_BYTES + PACKET_PAYLOAD.large;
    this.#stream.probe({
      header: (payloadBytes) => new HeaderTemplate(stream, extensionIds, true, packetBytes - payloadBytes),
      onSent: (number) => this.#search.probed(number, nowMs),
    });
  }

  /** The viewer says which packets came. */
  feedback(feedback: TransportFeedback, nowMs: number): void {
    if (this.#search.feedback(feedback, nowMs)) this.#sender.payloadBytes = PACKET_PAYLOAD.large;
  }

  /** The viewer asked once more for a packet that was sent again already. */
  vanished(payloadBytes: number, nowMs: number): void {
    if (payloadBytes > PACKET_PAYLOAD.base && !this.#vanished.spend(1, nowMs)) this.#beginAnew(nowMs);
  }

  /** The viewer cannot decode: it may be that large packets do not come. */
  undecodable(nowMs: number): void {
    if (this.#search.blackHole(nowMs)) this.#sender.payloadBytes = PACKET_PAYLOAD.base;
  }

  /** What did not come in large packets goes out in small ones, from the last IDR on. */
  #beginAnew(nowMs: number): void {
    if (!this.#search.isConfirmed) return;
    this.undecodable(nowMs);
    this.#sender.wantKeyframe(nowMs);
  }
}
