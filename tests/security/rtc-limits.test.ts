import { noExtensions } from '@tallylight/media/rtp/header-extensions.ts';
import { writeRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import type { RtcLimits } from '@tallylight/server/rtc-worker/rtc-limits.ts';
import { Recording, startWorker } from '@tallylight/server/rtc-worker/testing/worker-harness.ts';
import { PeerConnection, type Track, Video } from 'node-datachannel';
import { expect, onTestFinished, test } from 'vitest';
import { LiveStream } from '../support/live-stream.ts';
import { throughProxy, UdpProxy } from '../support/udp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const PAYLOAD_TYPE = 96;
const SSRC = 4242;
/** Each limit under test, in milliseconds; the others are so long that they cannot be what ended a session. */
const LIMIT_MS = 2000;
const LONG_MS = 60_000;
/** How late a limit may be noticed, in milliseconds. */
const LATE_MS = 700;

/** A publisher without a browser, which connects to a worker over a path that may lose things. */
async function publisher(
  limits: Partial<RtcLimits>,
  lost: (datagram: Buffer) => boolean,
): Promise<{
  readonly connection: PeerConnection;
  readonly track: Track;
  readonly recording: Recording;
  /** When the session was over, in milliseconds on the monotonic clock. */
  readonly over: () => Promise<number>;
}> {
  const recording = new Recording();
  const ended = Promise.withResolvers<number>();
  recording.onClosed = (reason) => {
    recording.closed.push(reason);
    ended.resolve(performance.now());
  };
  const harness = await startWorker({
    limits: { iceTimeoutMs: LONG_MS, dtlsTimeoutMs: LONG_MS, silenceTimeoutMs: LONG_MS, ...limits },
  });
  const proxy = await UdpProxy.start({
    targetPort: harness.port,
    toServer: { change: (datagram) => (lost(datagram) ? [] : [datagram]) },
  });
  const connection = new PeerConnection('publisher', { iceServers: [] });
  onTestFinished(async () => {
    connection.close();
    await proxy.close();
    await harness.close();
  });
  const video = new Video('0', 'SendOnly');
  video.addH264Codec(PAYLOAD_TYPE, 'profile-level-id=42e01f;packetization-mode=1');
  video.addSSRC(SSRC, 'video', 'stream', 'video');
  const track = connection.addTrack(video);
  connection.setLocalDescription('offer');
  const offer = await waitFor('an offer', () => connection.localDescription()?.sdp);
  const { answer } = await harness.worker.openIngest({ offer, listener: recording });
  connection.setRemoteDescription(throughProxy(answer, proxy.port), 'answer');
  return { connection, track, recording, over: () => ended.promise };
}

function within(tookMs: number): void {
  expect(tookMs).toBeGreaterThan(LIMIT_MS - 50);
  expect(tookMs).toBeLessThan(LIMIT_MS + LATE_MS);
}

/** True for a DTLS record (RFC 7983 §7). */
const isDtls = ([first = 0]: Buffer): boolean => first >= 20 && first <= 63;

test('RTC_ICE_TIMEOUT_SEC: a session whose path is not found by then is closed, and not before', async () => {
  const { recording, over } = await publisher({ iceTimeoutMs: LIMIT_MS }, () => true);
  const answeredMs = performance.now();
  within((await over()) - answeredMs);
  expect(recording.closed).toEqual(['ice-timeout']);
});

test('RTC_DTLS_TIMEOUT_SEC: a session whose handshake is not through by then is closed, and not before', async () => {
  const { connection, recording, over } = await publisher({ dtlsTimeoutMs: LIMIT_MS }, isDtls);
  await waitFor('a path', () => ['connected', 'completed'].includes(connection.iceState()), 10_000, 5);
  const foundMs = performance.now();
  within((await over()) - foundMs);
  expect(recording.closed).toEqual(['dtls-failed']);
});

test('RTC_SILENCE_SEC: a publisher that sends within it lives on, one that is silent for longer is closed', async () => {
  const { track, recording, over } = await publisher({ silenceTimeoutMs: LIMIT_MS }, () => false);
  await waitFor('the connection', () => track.isOpen(), 10_000, 5);
  const packet = writeRtpPacket({
    ...{ payloadType: PAYLOAD_TYPE, marker: true, sequence: 1, timestamp: 0, ssrc: SSRC },
    extensions: noExtensions(),
    payload: new Uint8Array([0x41, 0]),
  });
  let lastMs = 0;
  for (let sent = 0; sent < 4; sent++) {
    packet[3] = sent;
    track.sendMessageBinary(Buffer.from(packet));
    lastMs = performance.now();
    expect(recording.closed).toEqual([]);
    // Just within the limit.
    if (sent < 3) await waitFor('the next', () => performance.now() - lastMs > LIMIT_MS - 300, LIMIT_MS, 5);
  }
  within((await over()) - lastMs);
  expect(recording.closed).toEqual(['silent']);
});

test('RTC_MAX_OFFER_BYTES: an offer of that length is read, one byte more is 413', async () => {
  const bytes = 2000;
  const stream = await LiveStream.start({ env: { RTC_MAX_OFFER_BYTES: String(bytes) } });
  onTestFinished(() => stream.close());
  const key = await stream.server.addKey('edge');
  const post = async (path: string, length: number): Promise<number> => {
    const answer = await fetch(`${stream.server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/sdp' },
      body: 'x'.repeat(length),
    });
    return answer.status;
  };
  // What is read and makes no sense is 400.
  for (const path of ['/whip', '/whep/studio', '/api/network-test/probe'])
    expect([await post(path, bytes), await post(path, bytes + 1)], path).toEqual([400, 413]);
});
