import { randomInt } from 'node:crypto';
import { concat } from '@tallylight/media/bytes/concat.ts';
import { writeFir } from '@tallylight/media/rtp/rtcp/fir.ts';
import { writeNack } from '@tallylight/media/rtp/rtcp/nack.ts';
import { writePli } from '@tallylight/media/rtp/rtcp/pli.ts';
import { writeReceiverReport } from '@tallylight/media/rtp/rtcp/receiver-report.ts';
import type { ReportBlock } from '@tallylight/media/rtp/rtcp/report-block.ts';
import { writeSourceDescription } from '@tallylight/media/rtp/rtcp/source-description.ts';
import type { TransportFeedbackRecorder } from '@tallylight/media/rtp/transport-feedback-recorder.ts';
import type { Track } from 'node-datachannel';

/** What the names of our RTCP say: nothing. */
const CNAME = 'tallylight';
const MAX_SSRC = 0xffff_ffff;

/** Sends the receiver's RTCP of one session. */
export class RtcpSender {
  /** Names us in every packet. */
  readonly ssrc: number = randomInt(1, MAX_SSRC);
  #track: Track | undefined;
  #firSequence = 0;

  /** The native track, once the connection has one. */
  use(track: Track): void {
    this.#track = track;
  }

  /**
   * Lets the native track go, at the end of the session. The library keeps a track's callback, and with it the session, until the track
   * is garbage: a track that the session holds keeps both for ever.
   */
  release(): void {
    this.#track = undefined;
  }

  /** Asks for packets again (RFC 4585 §6.2.1). */
  nack(mediaSsrc: number, sequences: readonly number[]): void {
    this.#send([writeNack({ senderSsrc: this.ssrc, mediaSsrc, sequences })]);
  }

  /** Asks for a keyframe (RFC 4585 §6.3.1). */
  pli(mediaSsrc: number): void {
    this.#send([writePli({ senderSsrc: this.ssrc, mediaSsrc })]);
  }

  /** Demands a keyframe (RFC 5104 §4.3.1). */
  fir(mediaSsrc: number): void {
    this.#firSequence = (this.#firSequence + 1) & 0xff;
    const requests = [{ ssrc: mediaSsrc, sequence: this.#firSequence }];
    this.#send([writeFir({ senderSsrc: this.ssrc, requests })]);
  }

  /** Reports when packets came, since the last time. */
  transportFeedback(recorder: TransportFeedbackRecorder, mediaSsrc: number): void {
    for (;;) {
      const packet = recorder.take({ senderSsrc: this.ssrc, mediaSsrc });
      if (packet === undefined) return;
      this.#send([packet]);
    }
  }

  /** Reports how reception is, and who we are (RFC 3550 §6.4.2); `more` goes into the same compound. */
  receiverReport(reports: readonly ReportBlock[], ...more: readonly Uint8Array[]): void {
    this.#send([
      writeReceiverReport({ ssrc: this.ssrc, reports }),
      writeSourceDescription({ ssrc: this.ssrc, cname: CNAME }),
      ...more,
    ]);
  }

  #send(packets: readonly Uint8Array[]): void {
    const track = this.#track;
    if (track === undefined) return;
    try {
      if (track.isOpen()) track.sendMessageBinary(Buffer.from(concat(packets)));
    } catch {
      // It was closed meanwhile: the session's end is on its way.
    }
  }
}
