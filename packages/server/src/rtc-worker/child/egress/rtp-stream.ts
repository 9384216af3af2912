import { msToNtp } from '@tallylight/media/rtp/ntp-time.ts';
import { RTCP_TYPE } from '@tallylight/media/rtp/rtcp/packet-type.ts';
import { finishRtcp, startRtcp } from '@tallylight/media/rtp/rtcp/rtcp-header.ts';
import { writeSenderReport } from '@tallylight/media/rtp/rtcp/sender-report.ts';
import { writeSourceDescription } from '@tallylight/media/rtp/rtcp/source-description.ts';
import type { HeaderTemplate } from './header-template.ts';
import type { MediaPacket } from './media-packet.ts';
import { ResendHistory, type SentPacket } from './resend-history.ts';

/** The way out: one DTLS-SRTP connection. */
export interface PacketSink {
  /** Sends RTP or RTCP, copied before this returns; false when it was not sent. */
  send(packet: Buffer): boolean;
}

/** Numbers packets for transport-wide feedback, over all streams of a connection. */
export interface TransportCounter {
  /** The number, 16 bits, of the packet that goes out next. */
  next(): number;
  /** That packet, of this size, went out. */
  sent(bytes: number): void;
}

/** Milliseconds since 1900, as NTP counts them, of milliseconds since 1970 (RFC 868). */
export function unixToNtpMs(unixMs: number): number {
  return unixMs + 2_208_988_800_000;
}

/** A packet that is to tell whether the viewer's path carries packets of its size. */
export interface PathProbe {
  /** The header that brings a payload of so many bytes to that size, with a number for transport-wide feedback. */
  header(payloadBytes: number): HeaderTemplate;
  /** It went out under this number; undefined when the system refused it. */
  onSent(transportSequence: number | undefined): void;
}

/** One RTP stream to one viewer: its numbering, its history, its sender reports. */
export class RtpStream {
  readonly ssrc: number;
  readonly #sink: PacketSink;
  readonly #counter: TransportCounter;
  readonly #cname: string;
  readonly #history: ResendHistory;
  #template: HeaderTemplate;
  #sequence: number;
  readonly #timestampBase: number;
  #probe: PathProbe | undefined;
  #packets = 0;
  #octets = 0;

  constructor(options: {
    readonly sink: PacketSink;
    readonly counter: TransportCounter;
    readonly template: HeaderTemplate;
    readonly ssrc: number;
    readonly cname: string;
    /** Packets kept to be sent again; a power of two. */
    readonly history: number;
    /** 16 and 32 random bits to start from (RFC 3550 §5.1). */
    readonly sequence: number;
    readonly timestamp: number;
  }) {
    this.ssrc = options.ssrc;
    this.#sink = options.sink;
    this.#counter = options.counter;
    this.#template = options.template;
    this.#cname = options.cname;
    this.#history = new ResendHistory(options.history);
    this.#sequence = options.sequence & 0xffff;
    this.#timestampBase = options.timestamp >>> 0;
  }

  /** Headers from now on; packets sent before are sent again with it, too. */
  set template(template: HeaderTemplate) {
    this.#template = template;
  }

  /**
   * Makes the next packet that ends a picture a probe. It is a packet like all others, so that one that is lost is asked for, and sent
   * again in its own size.
   */
  probe(probe: PathProbe): void {
    this.#probe = probe;
  }

  /** Sends a packet at an RTP time that is not wrapped and counts from any 0; false when there is no room now, and nothing happened. */
  send(packet: MediaPacket, rtpTime: number): boolean {
    const sequence = this.#sequence;
    const timestamp = this.#timestampOf(rtpTime);
    const isProbed =
      this.#probe !== undefined && packet.marker && this.#writeProbe(packet, sequence, timestamp);
    if (!isProbed && !this.#write(packet, sequence, timestamp)) return false;
    this.#sequence = (sequence + 1) & 0xffff;
    this.#history.sent(packet, sequence, timestamp);
    this.#packets += 1;
    this.#octets += packet.payloadBytes;
    return true;
  }

  /** Sends a packet again that the viewer missed; undefined when it is too old, was on its way already, or finds no room. */
  resend(sequence: number, nowMs: number, intervalMs: number): SentPacket | undefined {
    const sent = this.#history.find(sequence, nowMs, intervalMs);
    if (sent === undefined || !this.#write(sent.packet, sequence, sent.timestamp)) return undefined;
    this.#history.resent(sequence, nowMs);
    return sent;
  }

  /** Tells which RTP time belongs to which moment of the wall clock (Unix milliseconds): RFC 3550 §6.4.1, with the CNAME of §6.5.1. */
  report(wallMs: number, rtpTime: number): void {
    const ssrc = this.ssrc;
    const report = writeSenderReport({
      ssrc,
      ntp: msToNtp(unixToNtpMs(wallMs)),
      rtpTimestamp: this.#timestampOf(rtpTime),
      packetCount: this.#packets % 0x1_0000_0000,
      octetCount: this.#octets % 0x1_0000_0000,
      reports: [],
    });
    this.#sink.send(Buffer.concat([report, writeSourceDescription({ ssrc, cname: this.#cname })]));
  }

  /** Tells that the stream has ended: BYE, RFC 3550 §6.6, of reduced size (RFC 5506). */
  end(): void {
    this.#sink.send(Buffer.from(finishRtcp(startRtcp(RTCP_TYPE.bye, 1).u32(this.ssrc))));
  }

  #timestampOf(rtpTime: number): number {
    return (this.#timestampBase + (Math.round(rtpTime) % 0x1_0000_0000)) >>> 0;
  }

  #write(packet: MediaPacket, sequence: number, timestamp: number): boolean {
    const template = this.#template;
    return this.#post(packet.withHeader(template.bytes), template, packet.marker, sequence, timestamp);
  }

  #writeProbe(packet: MediaPacket, sequence: number, timestamp: number): boolean {
    const probe = this.#probe;
    if (probe === undefined) return false;
    this.#probe = undefined;
    const template = probe.header(packet.payloadBytes);
    const number = this.#counter.next();
    const isSent = this.#post(packet.behind(template.bytes), template, packet.marker, sequence, timestamp);
    probe.onSent(isSent ? number : undefined);
    return isSent;
  }

  #post(
    bytes: Buffer,
    template: HeaderTemplate,
    marker: boolean,
    sequence: number,
    timestamp: number,
  ): boolean {
    const isNumbered = template.hasTransportSequence;
    template.write(bytes, marker, sequence, timestamp, isNumbered ? this.#counter.next() : 0);
    if (!this.#sink.send(bytes)) return false;
    // Only now: the viewer would report a packet that never left us as lost on the way.
    if (isNumbered) this.#counter.sent(bytes.length);
    return true;
  }
}
