/**
 * Viewers over WHEP in a process of their own, as light as a viewer can be: they decrypt, report and decode nothing. Run as
 *
 *     node bench/support/whep-viewers.ts <WHEP URL> <viewers>
 *
 * It writes a `ViewersReport` as a line of JSON each second, and ends with its standard input.
 */
import { Audio, PeerConnection, RtcpReceivingSession, type Track, Video } from 'node-datachannel';

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
    video.addH264Codec(96, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1');
    const audio = new Audio('1', 'RecvOnly');
    audio.addOpusCodec(111);
    for (const media of [video, audio]) receive(connection.addTrack(media), number < SAMPLED);
    held.push(connection);
    const offer = await new Promise<string>((resolve) => {
      connection.onGatheringStateChange((state) => {
        if (state === 'complete') resolve(connection.localDescription()?.sdp ?? '');
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

function receive(track: Track, sampled: boolean): void {
  // Receiver reports, as every viewer sends them.
  track.setMediaHandler(new RtcpReceivingSession());
  held.push(track);
  let expected: number | undefined;
  if (!sampled) return;
  track.onMessage((packet) => {
    const type = packet[1] ?? 0;
    if (type >= 192 && type <= 223) return;
    tally.packets += 1;
    tally.bytes += packet.length;
    const sequence = packet.readUInt16BE(2);
    if (expected !== undefined) {
      const gap = (sequence - expected) & 0xffff;
      if (gap < 0x8000) tally.lost += gap;
    }
    if (expected === undefined || ((sequence - expected) & 0xffff) < 0x8000)
      expected = (sequence + 1) & 0xffff;
  });
}
