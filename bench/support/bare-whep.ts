/**
 * The WebRTC library without anything of ours, as the peer of `bench:whep`: it answers WHEP offers and sends each viewer packets from one
 * buffer, of which it counts up the sequence number alone. Run as
 *
 *     node bench/support/bare-whep.ts <UDP port> <packets a second> <bytes of a packet> <address>
 *
 * It writes the HTTP port as a line once it listens, and ends with its standard input.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PeerConnection, type Track, Video } from 'node-datachannel';

/** Packets leave in bursts, as the packets of a picture do. */
const BURSTS_PER_SECOND = 30;
const PAYLOAD_TYPE = 96;
const SSRC = 1;

const [udpPort = 0, packetsPerSecond = 0, packetBytes = 0] = process.argv.slice(2, 5).map(Number);
const address = process.argv[5] ?? '127.0.0.1';
const tracks: Track[] = [];
/** Native objects live as long as somebody holds them. */
const held: unknown[] = [];
const packet = Buffer.alloc(packetBytes, 7);

const http = createServer((request, response) => {
  void text(request).then((offer) => {
    response.writeHead(201, { 'Content-Type': 'application/sdp' }).end(answer(offer));
  });
});
http.listen(0, '127.0.0.1', () => console.log((http.address() as AddressInfo).port));
process.stdin.on('end', () => process.exit(0)).resume();

function answer(offer: string): string {
  const connection = new PeerConnection('bare', {
    iceServers: [],
    enableIceUdpMux: true,
    portRangeBegin: udpPort,
    portRangeEnd: udpPort,
  });
  held.push(connection);
  const video = new Video('0', 'SendOnly');
  video.addH264Codec(PAYLOAD_TYPE);
  video.addSSRC(SSRC, 'bare');
  const track = connection.addTrack(video);
  connection.onStateChange((state) => {
    if (state === 'connected') tracks.push(track);
  });
  // The viewers' candidates come too early for the library, and are found by their own checks anyway.
  connection.setRemoteDescription(
    offer.replaceAll(/^a=(?:candidate|end-of-candidates).*\r\n/gm, ''),
    'offer',
  );
  return withAddress(connection.localDescription()?.sdp ?? '');
}

/** The answer with that address as the only candidate. */
function withAddress(sdp: string): string {
  const line = `a=candidate:1 1 UDP 2130706431 ${address} ${udpPort} typ host\r\n`;
  return sdp
    .replaceAll(/^a=(?:candidate|end-of-candidates).*\r\n/gm, '')
    .replace(/^a=mid:.*\r\n/m, `$&${line}`);
}

let sequence = 0;
let owed = 0;
let lastMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  owed += ((nowMs - lastMs) * packetsPerSecond) / 1000;
  lastMs = nowMs;
  const burst = Math.floor(owed);
  owed -= burst;
  for (const track of tracks) {
    for (let index = 0; index < burst; index += 1) {
      writeHeader(sequence + index);
      track.sendMessageBinary(packet);
    }
  }
  sequence += burst;
}, 1000 / BURSTS_PER_SECOND);

/** RFC 3550 §5.1. */
function writeHeader(number: number): void {
  packet.writeUInt16BE(0x80_00 | PAYLOAD_TYPE, 0);
  packet.writeUInt16BE(number & 0xffff, 2);
  packet.writeUInt32BE(number * 300, 4);
  packet.writeUInt32BE(SSRC, 8);
}
