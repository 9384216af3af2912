import { noExtensions } from '@tallylight/media/rtp/header-extensions.ts';
import { readRtcp } from '@tallylight/media/rtp/rtcp/read-rtcp.ts';
import type { ReportBlock } from '@tallylight/media/rtp/rtcp/report-block.ts';
import { isRtcp, writeRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { PeerConnection, type Track, Video } from 'node-datachannel';
import { waitFor } from '../../../../../tests/support/wait-for.ts';
import type { RtcSession } from '../rtc-gateway.ts';

const PAYLOAD_TYPE = 96;

/** A publisher or viewer of one video track without a browser, that sends what the test wants. */
export class NativePeer {
  /** The source of a publisher. */
  static readonly SSRC = 4242;
  /** RTP and RTCP as they came, decrypted. */
  readonly received: Buffer[] = [];
  readonly #connection = new PeerConnection('peer', { iceServers: [] });
  readonly #track: Track;
  #sequence = 0;

  constructor(direction: 'SendOnly' | 'RecvOnly') {
    const video = new Video('0', direction);
    video.addH264Codec(
      PAYLOAD_TYPE,
      'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1',
    );
    if (direction === 'SendOnly') video.addSSRC(NativePeer.SSRC, 'video', 'stream', 'video');
    this.#track = this.#connection.addTrack(video);
    this.#track.onMessage((bytes) => void this.received.push(bytes));
  }

  /** Has its offer answered; `change` may alter what the two say to each other. */
  async connect<Session extends RtcSession>(
    open: (offer: string) => Promise<Session>,
    change: { readonly offer?: (sdp: string) => string; readonly answer?: (sdp: string) => string } = {},
  ): Promise<Session> {
    this.#connection.setLocalDescription('offer');
    const offer = await waitFor('an offer', () => this.#connection.localDescription()?.sdp, 5000, 5);
    const session = await open(change.offer?.(offer) ?? offer);
    this.#connection.setRemoteDescription(change.answer?.(session.answer) ?? session.answer, 'answer');
    return session;
  }

  /** True from the end of the handshake on. */
  get isOpen(): boolean {
    return this.#track.isOpen();
  }

  /** Waits for the end of the handshake. */
  async opened(): Promise<void> {
    await waitFor('the connection', () => this.isOpen, 10_000, 5);
  }

  /** Sends RTP or RTCP. */
  send(packet: Uint8Array): void {
    this.#track.sendMessageBinary(Buffer.from(packet));
  }

  /** Sends the next packet of a picture that nobody can decode. */
  sendMedia(): void {
    this.send(
      writeRtpPacket({
        payloadType: PAYLOAD_TYPE,
        marker: true,
        sequence: this.#sequence++ & 0xffff,
        timestamp: this.#sequence * 3000,
        ssrc: NativePeer.SSRC,
        extensions: noExtensions(),
        payload: new Uint8Array([0x41, 0]),
      }),
    );
  }

  /** The RTP among what came. */
  get media(): Buffer[] {
    return this.received.filter((packet) => !isRtcp(packet));
  }

  /** The report blocks about its source among what came. */
  get reports(): ReportBlock[] {
    return this.received
      .filter(isRtcp)
      .flatMap((compound) =>
        readRtcp(compound).flatMap((packet) => (packet.type === 'receiver-report' ? packet.reports : [])),
      );
  }

  close(): void {
    this.#connection.close();
  }
}
