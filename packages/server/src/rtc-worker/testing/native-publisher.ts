/**
 * A publisher as OBS is one: the same native library, x264 with B-frames, SDP without header extensions and without feedback but NACK and PLI.
 * Writes its offer to standard output as JSON, takes the answer as JSON from standard input, and ends with it. With the argument `still`
 * its picture is one of a screen: one in 4 s, without B-frames, and sender reports between.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import { parseVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { noExtensions } from '@tallylight/media/rtp/header-extensions.ts';
import { msToNtp } from '@tallylight/media/rtp/ntp-time.ts';
import { packetizeH264 } from '@tallylight/media/rtp/packetizer/h264.ts';
import { writeSenderReport } from '@tallylight/media/rtp/rtcp/sender-report.ts';
import { writeRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { PeerConnection, type Track, Video } from 'node-datachannel';

const PAYLOAD_TYPE = 96;
const SSRC = 4242;
const IS_STILL = process.argv[2] === 'still';
const [RATE, TUNING] = IS_STILL ? ['1/4', '-tune zerolatency'] : ['30', '-bf 2'];
const ENCODER = `-v quiet -re -f lavfi -i testsrc2=size=640x360:rate=${RATE} -c:v libx264 -preset veryfast ${TUNING} -g 30 -b:v 1M -f flv -`;
const REPORT_MS = 500;

const connection = new PeerConnection('publisher', { iceServers: [] });
const video = new Video('0', 'SendOnly');
video.addH264Codec(PAYLOAD_TYPE, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1');
video.addSSRC(SSRC, 'video', 'stream', 'video');
const track = connection.addTrack(video);
connection.onGatheringStateChange((state) => {
  const sdp = connection.localDescription()?.sdp;
  if (state === 'complete' && sdp !== undefined) process.stdout.write(`${JSON.stringify({ offer: sdp })}\n`);
});
connection.setLocalDescription('offer');
createInterface({ input: process.stdin })
  .once('line', (line) =>
    connection.setRemoteDescription((JSON.parse(line) as { answer: string }).answer, 'answer'),
  )
  .once('close', () => process.exit(0));
track.onOpen(() => {
  send(track);
  if (IS_STILL) setInterval(() => report(track), REPORT_MS);
});

/** Sends what the encoder makes, each picture with its presentation time, in decode order. */
function send(to: Track): void {
  let sequence = 0;
  let parameterSets: readonly Uint8Array[] = [];
  const reader = new FlvReader(({ type, timestampMs, body }) => {
    if (type !== 'video') return;
    const tag = parseVideoTag(body);
    if (tag.kind === 'config') {
      const { spsNals, ppsNals } = parseAvcConfig(tag.config);
      parameterSets = [...spsNals, ...ppsNals];
    }
    if (tag.kind !== 'frames') return;
    const nals = tag.keyframe ? parameterSets : [];
    const sample = Buffer.concat([...nals.flatMap(lengthPrefixed), tag.payload]);
    const timestamp = ((timestampMs + tag.compositionTimeMs) * 90) >>> 0;
    const payloads = packetizeH264(sample);
    payloads.forEach((payload, index) => {
      const packet = writeRtpPacket({
        payloadType: PAYLOAD_TYPE,
        marker: index === payloads.length - 1,
        sequence: sequence++ & 0xffff,
        timestamp,
        ssrc: SSRC,
        extensions: noExtensions(),
        payload,
      });
      if (to.isOpen()) to.sendMessageBinary(Buffer.from(packet));
    });
  });
  const encoder = spawn('ffmpeg', ENCODER.split(' '), { stdio: ['ignore', 'pipe', 'inherit'] });
  encoder.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
  process.on('exit', () => encoder.kill('SIGKILL'));
}

/** Tells that it sends (RFC 3550 §6.4.1). */
function report(to: Track): void {
  const packet = writeSenderReport({
    ssrc: SSRC,
    ntp: msToNtp(Date.now()),
    rtpTimestamp: 0,
    packetCount: 1,
    octetCount: 1,
    reports: [],
  });
  if (to.isOpen()) to.sendMessageBinary(Buffer.from(packet));
}

function lengthPrefixed(nal: Uint8Array): Uint8Array[] {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, nal.length);
  return [length, nal];
}
