import type { TransportFeedback } from '@tallylight/media/rtp/rtcp/transport-feedback.ts';
import type { EgressTrack } from '@tallylight/media/sdp/answer-egress.ts';
import { describe, expect, test } from 'vitest';
import { PACKET_PAYLOAD } from './packet-payload.ts';
import { PacketSize } from './packet-size.ts';
import type { PathProbe, RtpStream } from './rtp-stream.ts';
import type { VideoSender } from './video-sender.ts';

const track: EgressTrack = {
  codec: 'h264',
  payloadType: 102,
  clockRate: 90_000,
  extensionIds: { transportCc: 3, playoutDelay: 6 },
  feedback: ['nack', 'nack pli', 'transport-cc'],
};

function open(of: EgressTrack = track) {
  const sender = {
    payloadBytes: PACKET_PAYLOAD.base as number,
    isStuck: false,
    keyframes: 0,
    wantKeyframe: () => void sender.keyframes++,
  };
  const probes: PathProbe[] = [];
  const stream = { ssrc: 7, probe: (probe: PathProbe) => void probes.push(probe) };
  const size = new PacketSize({
    track: of,
    stream: stream as unknown as RtpStream,
    sender: sender as unknown as VideoSender,
  });
  size.start(0);
  return { size, sender, probes };
}

function came(number: number): TransportFeedback {
  const ids = { senderSsrc: 1, mediaSsrc: 7, feedbackCount: 0 };
  return { type: 'transport-feedback', ...ids, baseSequence: number, arrivalsMs: [5] };
}

/** One that has found the large size. */
function large() {
  const opened = open();
  opened.size.tick(2000);
  opened.probes[0]?.onSent(9);
  opened.size.feedback(came(9), 2100);
  expect(opened.sender.payloadBytes).toBe(PACKET_PAYLOAD.large);
  return opened;
}

describe('PacketSize', () => {
  test('probes with a header that brings any payload to the large size', () => {
    const { size, probes } = open();
    size.tick(1999);
    expect(probes).toHaveLength(0);
    size.tick(2000);
    for (const payloadBytes of [20, 1190]) {
      const header = probes[0]?.header(payloadBytes);
      const bytes = payloadBytes + (header?.bytes ?? 0);
      expect(bytes).toBeGreaterThanOrEqual(PACKET_PAYLOAD.large + 24);
      expect(bytes).toBeLessThan(PACKET_PAYLOAD.large + 28);
      expect(header?.hasTransportSequence).toBe(true);
    }
  });

  test.each([
    ['transport-wide feedback', { ...track, feedback: ['nack'] }],
    ['its header extension', { ...track, extensionIds: {} }],
    ['NACK', { ...track, feedback: ['transport-cc'] }],
  ])('keeps to the base size for a viewer without %s', (_what, of) => {
    const { size, probes } = open(of);
    size.tick(1e6);
    expect(probes).toHaveLength(0);
  });

  test('falls back where the viewer cannot decode', () => {
    const { size, sender } = large();
    size.undecodable(3000);
    expect(sender.payloadBytes).toBe(PACKET_PAYLOAD.base);
  });

  test('falls back, and begins anew, where more than ten large packets in a second are asked for more than once', () => {
    const { size, sender } = large();
    for (let i = 0; i < 20; i++) size.vanished(PACKET_PAYLOAD.base, 3000);
    for (let i = 0; i < 10; i++) size.vanished(PACKET_PAYLOAD.base + 1, 3000);
    expect(sender).toMatchObject({ payloadBytes: PACKET_PAYLOAD.large, keyframes: 0 });
    size.vanished(PACKET_PAYLOAD.large, 3000);
    expect(sender).toMatchObject({ payloadBytes: PACKET_PAYLOAD.base, keyframes: 1 });
    size.vanished(PACKET_PAYLOAD.large, 3001);
    expect(sender.keyframes).toBe(1);
  });

  test('falls back, and begins anew, where our own system refuses the size', () => {
    const { size, sender } = large();
    sender.isStuck = true;
    size.tick(3000);
    expect(sender).toMatchObject({ payloadBytes: PACKET_PAYLOAD.base, keyframes: 1 });
    size.tick(3250);
    expect(sender.keyframes).toBe(1);
  });
});
