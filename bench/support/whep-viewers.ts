/**
 * Viewers over WHEP in a process of their own, as light as a viewer can be: they decrypt, report and decode nothing. Like browsers they
 * acknowledge packets that are numbered for transport-wide feedback. Run as
 *
 *     node bench/support/whep-viewers.ts <WHEP URL> <viewers>
 *
 * It writes a `ViewersReport` as a line of JSON each second, and ends with its standard input.
 */
import { compactNtp } from '@tallylight/media/rtp/ntp-time.ts';
import { readRtcp } from '@tallylight/media/rtp/rtcp/read-rtcp.ts';
import { writeReceiverReport } from '@tallylight/media/rtp/rtcp/receiver-report.ts';
import { readRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { TransportFeedbackRecorder } from '@tallylight/media/rtp/transport-feedback-recorder.ts';
import { EXTENSION_URIS } from '@tallylight/media/sdp/header-extensions.ts';
import { Audio, PeerConnection, type Track, Video } from 'node-datachannel';

/** How the viewers fare, counted since the start. */
export interface ViewersReport {
  /** Viewers whose ICE and DTLS are through. */
  readonly connected: number;
  /** Viewers that were refused, failed or were closed. */
  readonly failed: number;
  /** Viewers whose packets are counted, which costs more than all else here. */
  readonly sampled: number;
  /** RTP packets and bytes, header and payload, of the sampled viewers. */
  readonly packets: number;
  readonly bytes: number;
  /** Packets that the sampled viewers missed, by the gaps in the sequence numbers. */
  readonly lost: number;
}

const SAMPLED = 5;
const VIDEO_TYPE = 96;
/** Id of the transport-wide sequence number among the header extensions. */
const TRANSPORT_CC_ID = 3;
/** Handshakes at one time: they are not what is measured. */
const AT_ONCE = 10;

const tally = { connected: 0, failed: 0, packets: 0, bytes: 0, lost: 0 };
/** Native objects live as long as somebody holds them. */
const held: unknown[] = [];

const [url = '', wanted = '1'] = process.argv.slice(2);
const count = Number(wanted);
setInterval(() => {
  const report: ViewersReport = { ...tally, sampled: Math.min(SAMPLED, count) };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}, 1000);
process.stdin.on('end', () => process.exit(0)).resume();

for (let first = 0; first < count; first += AT_ONCE) {
  const batch = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => open(first + index));
  await Promise.all(batch);
}

async function open(number: number): Promise<void> {
  try {
    const connection = new PeerConnection(`viewer-${number}`, {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    const video = new Video('0', 'RecvOnly');
    video.addH264Codec(VIDEO_TYPE, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1');
    const audio = new Audio('1', 'RecvOnly');
    audio.addOpusCodec(111);
    for (const media of [video, audio]) receive(connection.addTrack(media), number < SAMPLED);
    held.push(connection);
    const offer = await new Promise<string>((resolve) => {
      connection.onGatheringStateChange((state) => {
        if (state === 'complete') resolve(withFeedback(connection.localDescription()?.sdp ?? ''));
      });
      connection.setLocalDescription('offer');
    });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp' },
      body: offer,
    });
    const answer = await response.text();
    if (response.status !== 201) throw new Error(`${response.status} ${answer}`);
    await new Promise<void>((resolve, reject) => {
      connection.onStateChange((state) => {
        if (state === 'connected') {
          tally.connected += 1;
          resolve();
        } else if (state === 'failed' || state === 'disconnected' || state === 'closed') {
          tally.failed += 1;
          reject(new Error(`viewer ${number} is ${state}`));
        }
      });
      connection.setRemoteDescription(answer, 'answer');
    });
  } catch (error) {
    tally.failed += 1;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** The offer with what the library has no words for: transport-wide feedback of the pictures. */
function withFeedback(offer: string): string {
  const lines = `a=rtcp-fb:${VIDEO_TYPE} transport-cc\r\na=extmap:${TRANSPORT_CC_ID} ${EXTENSION_URIS.transportCc}\r\n`;
  return offer.replace(`a=rtpmap:${VIDEO_TYPE} `, `${lines}$&`);
}

/** Takes what comes on a track. The library's own handler for receivers lets no feedback of ours out. */
function receive(track: Track, sampled: boolean): void {
  held.push(track);
  const recorder = new TransportFeedbackRecorder();
  let expected: number | undefined;
  track.onMessage((packet) => {
    const type = packet[1] ?? 0;
    if (type >= 192 && type <= 223) {
      answerReport(packet, ((expected ?? 0) - 1) & 0xffff, track);
      return;
    }
    if (((packet[0] ?? 0) & 0x10) !== 0) acknowledge(packet, recorder, track);
    const sequence = packet.readUInt16BE(2);
    const gap = (sequence - (expected ?? sequence)) & 0xffff;
    if (gap < 0x8000) expected = (sequence + 1) & 0xffff;
    if (!sampled) return;
    tally.packets += 1;
    tally.bytes += packet.length;
    if (gap < 0x8000) tally.lost += gap;
  });
}

/** A receiver report for each sender report, which is once a second. */
function answerReport(bytes: Buffer, highestSequence: number, track: Track): void {
  for (const report of readRtcp(bytes)) {
    if (report.type !== 'sender-report') continue;
    const block = {
      ssrc: report.ssrc,
      fractionLost: 0,
      cumulativeLost: 0,
      highestSequence,
      jitter: 0,
      lastSenderReport: compactNtp(report.ntp),
      delaySinceLastSenderReport: 0,
    };
    track.sendMessageBinary(Buffer.from(writeReceiverReport({ ssrc: 1, reports: [block] })));
  }
}

function acknowledge(bytes: Buffer, recorder: TransportFeedbackRecorder, track: Track): void {
  const { extensions, ssrc } = readRtpPacket(bytes);
  const number = extensions.get(TRANSPORT_CC_ID);
  if (number === undefined) return;
  recorder.received(((number[0] ?? 0) << 8) | (number[1] ?? 0), performance.now());
  const feedback = recorder.take({ senderSsrc: 1, mediaSsrc: ssrc });
  if (feedback !== undefined) track.sendMessageBinary(Buffer.from(feedback));
}
