import { MILLISECONDS, ticks } from '@tallylight/media/time/ticks.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IngestStats, RtcCloseReason } from '../../rtc-worker/rtc-gateway.ts';
import { type FakeIngest, fakePicture } from '../../rtc-worker/testing/fake-gateway.ts';
import type { VideoTrack } from '../../stream/track.ts';
import type { Publication } from '../rtmp/testing/fake-publish-target.ts';
import { HealthWatch } from './health-watch.ts';
import { WhipHarness } from './testing/whip-harness.ts';

const track: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42c01f',
  timescale: MILLISECONDS,
  width: 1280,
  height: 720,
  config: new Uint8Array([1]),
};

const healthy: IngestStats = {
  bitrateBps: 2_500_000,
  framesPerSecond: 30,
  rttMs: 20,
  lossFraction: 0,
  jitterMs: 2,
  droppedFrames: 0,
  hasBFrames: false,
};

let whip: WhipHarness;
let peer: FakeIngest;
let stream: Publication;
beforeEach(async () => {
  whip = await WhipHarness.start({ maxBitrateBps: 1_000_000, bitrateBurstSec: 1 });
  expect((await whip.publish('HTTP/1.1')).status).toBe(201);
  peer = whip.gateway.ingests[0] as FakeIngest;
  stream = whip.target.publications[0] as Publication;
});
afterEach(() => whip.close());

describe('WhipSession', () => {
  test('passes tracks and units on', () => {
    peer.listener.onTrack(track);
    peer.listener.onUnit(fakePicture(0, true));
    peer.listener.onUnit(fakePicture(33));
    expect(stream.tracks).toEqual([track]);
    expect(stream.units.map(({ pts }) => pts)).toEqual([ticks(0), ticks(33)]);
  });

  test.each<[RtcCloseReason, string]>([
    ['closed-by-peer', 'connection-lost'],
    ['ice-timeout', 'connection-lost'],
    ['dtls-failed', 'connection-lost'],
    ['silent', 'connection-lost'],
    ['worker-lost', 'connection-lost'],
    ['protocol-error', 'protocol-error'],
  ])('closed as %s ends as %s, and the next POST is taken', async (reason, end) => {
    peer.listener.onClosed(reason);
    expect([stream.ended, whip.endpoint.size]).toEqual([end, 0]);
    expect((await whip.publish('HTTP/1.1')).status).toBe(201);
  });

  test('a lost worker is 503 until it is back, then the publisher is', async () => {
    whip.gateway.die();
    expect(stream.ended).toBe('connection-lost');
    expect((await whip.publish('HTTP/1.1')).status).toBe(503);
    whip.gateway.refusal = undefined;
    expect((await whip.publish('HTTP/1.1')).status).toBe(201);
  });

  test.each(['revoked', 'taken-over', 'unpublished'] as const)(
    'evicted as %s it closes its connection',
    (reason) => {
      stream.evict(reason);
      expect([peer.closed, stream.ended, whip.endpoint.size]).toEqual([true, reason, 0]);
    },
  );

  test('nothing passes once it is over', () => {
    stream.evict('revoked');
    peer.listener.onTrack(track);
    peer.listener.onUnit(fakePicture(0, true));
    peer.listener.onStats(healthy);
    peer.listener.onClosed('closed-by-peer');
    expect([stream.tracks.length, stream.units.length, stream.ended]).toEqual([0, 0, 'revoked']);
  });

  test('reports its health once the gateway tells', () => {
    peer.listener.onStats({ ...healthy, hasBFrames: true });
    expect(stream.health).toMatchObject({ bitrateBps: 2_500_000, rttMs: 20 });
    expect(stream.health?.warnings.map(({ code }) => code)).toEqual(['b-frames']);
  });

  test('asks the publisher for a keyframe', () => {
    stream.requestKeyframe?.();
    expect(peer.keyframesAsked).toBe(1);
  });

  test('tells how long it was silent', () => {
    peer.silentMs = 1234;
    expect(stream.silentForMs()).toBe(1234);
  });

  test('more bits than are allowed for longer than the burst end it', () => {
    const picture = { ...fakePicture(0, true), payload: new Uint8Array(60_000) };
    peer.listener.onUnit(picture);
    peer.listener.onUnit(picture);
    expect(peer.closed).toBe(false);
    peer.listener.onUnit(picture);
    expect([peer.closed, stream.ended]).toEqual([true, 'protocol-error']);
  });

  test('a stream’s own limit holds where it is tighter, with half as much again to spare', async () => {
    stream.evict('unpublished');
    whip.keys.limits = { maxBitrateBps: 400_000, maxShortSide: 480 };
    expect((await whip.publish('HTTP/1.1')).status).toBe(201);
    const limited = whip.gateway.ingests[1] as FakeIngest;
    expect(whip.target.publications[1]?.maxShortSide).toBe(480);
    // A second at 600 kbit/s is 75 000 bytes.
    limited.listener.onUnit({ ...fakePicture(0, true), payload: new Uint8Array(70_000) });
    expect(limited.closed).toBe(false);
    limited.listener.onUnit({ ...fakePicture(33), payload: new Uint8Array(50_000) });
    expect([limited.closed, whip.target.publications[1]?.ended]).toEqual([true, 'protocol-error']);
  });
});

describe('HealthWatch', () => {
  const codes = (...seconds: Partial<IngestStats>[]): readonly string[] => {
    const watch = new HealthWatch();
    const healths = seconds.map((second) => watch.see({ ...healthy, ...second }));
    return healths.at(-1)?.warnings.map(({ code }) => code) ?? [];
  };

  test('reports the figures as they are', () => {
    const { jitterMs: _, hasBFrames: __, ...figures } = healthy;
    expect(new HealthWatch().see(healthy)).toEqual({ ...figures, warnings: [] });
  });

  test('names B-frames with what to do about them', () => {
    const [warning] = new HealthWatch().see({ ...healthy, hasBFrames: true }).warnings;
    expect(warning).toEqual({
      code: 'b-frames',
      message:
        'B-frames are on: WebRTC viewers see jumps. In OBS, Settings > Output > Streaming, set B-frames to 0, restart the stream.',
    });
  });

  test('warns of loss that lasts, not of one bad second', () => {
    expect(codes({}, {}, {}, {}, { lossFraction: 0.08 })).toEqual([]);
    expect(codes({}, {}, {}, { lossFraction: 0.08 }, { lossFraction: 0.08 })).toEqual(['high-loss']);
  });

  test('warns of a long way and of pictures given up, and stops when they pass', () => {
    expect(codes({ rttMs: 300 })).toEqual(['high-rtt']);
    expect(codes({ rttMs: 300 }, {})).toEqual([]);
    expect(codes({ droppedFrames: 5 }, {}, {}, {}, {})).toEqual(['dropped-frames']);
    expect(codes({ droppedFrames: 5 }, {}, {}, {}, {}, {})).toEqual([]);
  });
});
