import { compactNtp } from './ntp-time.ts';
import type { ReportBlock } from './rtcp/report-block.ts';
import type { SenderReport } from './rtcp/sender-report.ts';
import type { RtpPacket } from './rtp-packet.ts';
import { nearest } from './sequence.ts';

/** A step further than this starts the count anew: RFC 3550 A.1 calls it MAX_DROPOUT. */
const MAX_STEP = 3000;

/** What was received of one SSRC, as RFC 3550 §6.4.1 reports it. Retransmissions on an SSRC of their own are not counted. */
export class ReceptionStatistics {
  readonly #ssrc: number;
  readonly #ticksPerMs: number;
  #base: number | undefined;
  #highest = 0;
  #received = 0;
  /** At the report before. */
  #expectedPrior = 0;
  #receivedPrior = 0;
  #jitter = 0;
  /** Arrival and timestamp of the packet before, for the jitter. */
  #lastMs: number | undefined;
  #lastTimestamp = 0;
  #senderReport: { readonly compact: number; readonly atMs: number } | undefined;

  /** `clockRate`: of the RTP timestamps, in Hz. */
  constructor(options: { readonly ssrc: number; readonly clockRate: number }) {
    this.#ssrc = options.ssrc;
    this.#ticksPerMs = options.clockRate / 1000;
  }

  /** A packet came, at this time. */
  received(packet: Pick<RtpPacket, 'sequence' | 'timestamp'>, nowMs: number): void {
    const number = nearest(packet.sequence, this.#highest, 0x1_0000);
    if (this.#base === undefined || Math.abs(number - this.#highest) > MAX_STEP) {
      this.#base = packet.sequence;
      this.#highest = packet.sequence;
      this.#received = 0;
      this.#expectedPrior = 0;
      this.#receivedPrior = 0;
      this.#lastMs = undefined;
    }
    this.#received++;
    this.#highest = Math.max(this.#highest, number);
    this.#addJitter(packet.timestamp, nowMs);
  }

  /** Takes note of the source's sender report, for the sender's measurement of the round trip. */
  senderReport(report: Pick<SenderReport, 'ntp'>, nowMs: number): void {
    this.#senderReport = { compact: compactNtp(report.ntp), atMs: nowMs };
  }

  /** Interarrival jitter in milliseconds. */
  get jitterMs(): number {
    return this.#jitter / this.#ticksPerMs;
  }

  /** A report block about the time since the last one (RFC 3550 A.3). */
  report(nowMs: number): ReportBlock {
    const expected = this.#base === undefined ? 0 : this.#highest - this.#base + 1;
    const expectedInterval = expected - this.#expectedPrior;
    const lostInterval = expectedInterval - (this.#received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.#received;
    const lost = Math.max(-0x80_0000, Math.min(0x7f_ffff, expected - this.#received));
    const sender = this.#senderReport;
    const sinceMs = sender === undefined ? 0 : nowMs - sender.atMs;
    return {
      ssrc: this.#ssrc,
      fractionLost:
        expectedInterval <= 0 || lostInterval <= 0
          ? 0
          : Math.min(255, Math.floor((lostInterval * 256) / expectedInterval)),
      cumulativeLost: lost,
      highestSequence: this.#highest % 0x1_0000_0000,
      jitter: Math.floor(this.#jitter),
      lastSenderReport: sender?.compact ?? 0,
      delaySinceLastSenderReport: Math.min(0xffff_ffff, Math.round((sinceMs * 65_536) / 1000)),
    };
  }

  /** RFC 3550 A.8, with exact arithmetic: a sixteenth of each new difference. */
  #addJitter(timestamp: number, nowMs: number): void {
    if (this.#lastMs !== undefined) {
      const sent = (timestamp - this.#lastTimestamp) | 0;
      const difference = Math.abs((nowMs - this.#lastMs) * this.#ticksPerMs - sent);
      // A clock that started anew is not jitter.
      if (difference < 60_000 * this.#ticksPerMs) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#lastMs = nowMs;
    this.#lastTimestamp = timestamp;
  }
}
