import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Store } from '../player/store.ts';
import { type BroadcastState, initialBroadcastState } from './broadcast-state.ts';
import { LiveBroadcast } from './live-broadcast.ts';
import type { StreamQualityMetrics } from './stream-quality-metrics.ts';
import { FakeConnection } from './testing/fake-connection.ts';
import { FakeServer } from './testing/fake-server.ts';
import { fakeTrack } from './testing/fake-track.ts';

/** Of a camera and an encoder that do 30 pictures a second, sent by a connection that loses nothing. */
class SteadyStats {
  /** Of the track that is sent now, which counts from its own beginning. */
  track = { id: 'first', fromMs: 0 };
  /** When the far end reports for the first time. */
  reportsFromMs = 0;

  read(): object[] {
    const nowMs = performance.now();
    const frames = (sinceMs: number): number => Math.floor((nowMs - sinceMs) * 0.03);
    return [
      {
        type: 'media-source',
        kind: 'video',
        trackIdentifier: this.track.id,
        frames: frames(this.track.fromMs),
      },
      {
        type: 'outbound-rtp',
        kind: 'video',
        bytesSent: nowMs * 250,
        packetsSent: Math.floor(nowMs / 4),
        framesEncoded: frames(0),
        frameWidth: 1280,
        frameHeight: 720,
        targetBitrate: 2_500_000,
      },
      ...(nowMs < this.reportsFromMs ? [] : [{ type: 'remote-inbound-rtp', kind: 'video', packetsLost: 0 }]),
      { type: 'candidate-pair', nominated: true, state: 'succeeded', bytesReceived: nowMs },
    ];
  }
}

describe('LiveBroadcast', () => {
  let live: LiveBroadcast;
  let store: Store<BroadcastState>;
  let stats: SteadyStats;
  const told: StreamQualityMetrics[] = [];

  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    FakeConnection.install();
    FakeServer.install();
    stats = new SteadyStats();
    FakeConnection.stats = () => stats.read();
    told.length = 0;
    store = new Store(initialBroadcastState());
    live = new LiveBroadcast({
      publisher: {
        endpoint: 'https://live.example/whip',
        streamKey: 'key',
        media: {
          video: { track: fakeTrack('video'), maxBitrateBps: 2_500_000, maxFramesPerSecond: 30 },
          audio: undefined,
        },
        iceServersUrl: 'https://live.example/api/ice-servers',
      },
      streamId: 'show',
      target: () => ({ maxBitrateBps: 2_500_000, expectedFramesPerSecond: 30 }),
      store,
      onConnectionState: () => undefined,
      onLimits: () => undefined,
      onMetrics: (metrics) => told.push(metrics),
      onFailed: () => undefined,
    });
    await pass(1_000);
    stats.reportsFromMs = performance.now() + 2_500;
    await live.start();
  });

  afterEach(() => {
    live.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('tells the metrics every five seconds, the loss from the first on', async () => {
    await pass(16_000);
    expect(told).toHaveLength(3);
    for (const metrics of told) {
      expect(metrics).toMatchObject({ healthScore: 100, packetLossPercent: 0, resolution: '1280x720' });
      expect(metrics.fps).toBeCloseTo(30, 0);
    }
  });

  test('another camera is judged only by its own pictures', async () => {
    await pass(11_000);
    expect(store.get().health).toMatchObject({ word: 'Good', score: 100 });
    stats.track = { id: 'second', fromMs: performance.now() - 100 };
    for (let passedMs = 0; passedMs < 4_750; passedMs += 250) {
      await pass(250);
      expect(store.get().health).toBeUndefined();
      expect(store.get().figures?.droppedFrames).toBeLessThan(3);
    }
    // Told on time, with figures and without a judgement.
    expect(told).toHaveLength(3);
    expect(told[2]?.fps).toBeCloseTo(30, 0);
    expect(told[2]?.healthScore).toBeUndefined();
    await pass(6_000);
    expect(store.get().health).toMatchObject({ word: 'Good', score: 100 });
    expect(told.at(-1)?.healthScore).toBe(100);
  });
});
