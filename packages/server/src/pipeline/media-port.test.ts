import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultPackagerOptions } from '../packager/packager-options.ts';
import { ManualClock, unit, videoTrack } from '../packager/testing/source.ts';
import { silentLogger } from '../platform/logger.ts';
import type { PublisherEnd, PublisherSink } from '../stream/publisher.ts';
import { LiveSessions } from './live-sessions.ts';
import { MediaPort } from './media-port.ts';
import type { SessionEvent } from './session-events.ts';

let clock: ManualClock;
let sessions: LiveSessions;
let port: MediaPort;
let events: SessionEvent[];
let speed: number | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  clock = new ManualClock();
  speed = undefined;
  sessions = new LiveSessions({
    options: {
      packager: defaultPackagerOptions,
      reconnectWindowMs: 10_000,
      trackSilenceMs: 250,
      secondTrackWaitMs: 300,
      takeoverSilenceMs: 1500,
    },
    clock,
    log: silentLogger,
    spool: undefined,
    encoderFor: ({ presentation }) => {
      presentation.planned = true;
      return {
        write: () => {},
        adapt: () => false,
        end: () => {},
        close: () => {},
        dump: () => ({}),
        get speed() {
          return speed;
        },
      };
    },
  });
  port = new MediaPort({ sessions, viewers: { hls: () => 3, whep: () => 2 } });
  events = [];
  port.onEvent((event) => events.push(event));
});
afterEach(() => {
  sessions.close();
  vi.useRealTimers();
});

/** Publishes to `live`; `silentMs` is what a takeover asks for. */
function publish(options: { keyId?: string; protocol?: string; silentMs?: number } = {}): PublisherSink {
  const { keyId = 'key', protocol = 'rtmp', silentMs = 0 } = options;
  return sessions.publish({
    streamId: 'live',
    ...{ keyId, protocol, peer: 'here' },
    silentForMs: () => silentMs,
    evict: () => {},
  });
}

/** Sends seconds of 25 pictures of 5000 bytes each and 50 frames of sound of 100, in step with the clock. */
async function send(sink: PublisherSink, seconds: number): Promise<void> {
  for (let ms = 0; ms < seconds * 1000; ms += 20) {
    if (ms % 40 === 0) sink.writeUnit(unit('video', clock.ms, { key: ms % 2000 === 0, size: 5000 }));
    sink.writeUnit(unit('audio', clock.ms));
    clock.ms += 20;
    await vi.advanceTimersByTimeAsync(20);
  }
}

/** What was told of `live`, in words. */
async function told(): Promise<readonly string[]> {
  await vi.advanceTimersByTimeAsync(0);
  return events.map((event) =>
    event.type === 'publisher-connected'
      ? `connected ${event.protocol} ${event.keyId}`
      : event.type === 'publisher-lost'
        ? `lost ${event.reason}`
        : event.type,
  );
}

describe('events', () => {
  test('a publisher comes, goes, is awaited in vain', async () => {
    publish().end('connection-lost');
    expect(await told()).toEqual(['connected rtmp key', 'lost connection-lost']);
    await vi.advanceTimersByTimeAsync(9999);
    expect(events).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(await told()).toEqual(['connected rtmp key', 'lost connection-lost', 'ended']);
  });

  test('a late end of a connection that was already gone is not told again', async () => {
    const sink = publish();
    sink.end('connection-lost');
    sink.end('unpublished');
    expect(await told()).toEqual(['connected rtmp key', 'lost connection-lost']);
  });

  test('a takeover loses one publisher and connects the other, once each', async () => {
    const half = publish({ keyId: 'one', silentMs: 2000 });
    publish({ keyId: 'two', protocol: 'whip' });
    half.end('connection-lost');
    expect(await told()).toEqual(['connected rtmp one', 'lost taken-over', 'connected whip two']);
  });

  test('a publisher that is refused tells nothing', async () => {
    publish({ keyId: 'one' });
    expect(() => publish({ keyId: 'two' })).toThrow('already has a publisher');
    expect(await told()).toEqual(['connected rtmp one']);
  });

  test('a revoked key loses its publisher and soon the stream', async () => {
    publish();
    port.revoke('other');
    port.revoke('key');
    expect(await told()).toEqual(['connected rtmp key', 'lost revoked']);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await told()).toEqual(['connected rtmp key', 'lost revoked', 'ended']);
  });

  test('an end by the control plane', async () => {
    publish();
    expect(port.end('live')).toBe(true);
    expect(port.end('live')).toBe(false);
    expect(await told()).toEqual(['connected rtmp key', 'lost unpublished', 'ended']);
  });

  test('a server that stops loses its publishers and ends no stream', async () => {
    const sink = publish();
    sessions.close();
    sessions.close();
    sink.end('server-stopping');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await told()).toEqual(['connected rtmp key', 'lost server-stopping']);
  });

  test.each<PublisherEnd>(['connection-lost', 'unpublished'])('%s is passed on', async (reason) => {
    publish().end(reason);
    expect(await told()).toContain(`lost ${reason}`);
  });

  test('a listener may end the stream that a publisher has just connected to', async () => {
    port.onEvent((event) => {
      if (event.type === 'publisher-connected') port.end(event.streamId);
    });
    const sink = publish();
    expect(port.figures('live')?.publishing).toBe(true);
    expect(await told()).toEqual(['connected rtmp key', 'lost unpublished', 'ended']);
    sink.writeUnit(unit('audio', 0));
    expect(port.figures('live')).toBeUndefined();
  });

  test('a listener that throws disturbs no other, and one that left hears nothing', async () => {
    const stop = port.onEvent(() => {
      throw new Error('mine alone');
    });
    const heard: string[] = [];
    port.onEvent(({ type }) => heard.push(type));
    publish().end('unpublished');
    await Promise.resolve();
    stop();
    expect(heard).toEqual(['publisher-connected', 'publisher-lost']);
  });
});

describe('figures', () => {
  test('are absent without a session, and after its end', async () => {
    expect(port.figures('live')).toBeUndefined();
    publish();
    port.end('live');
    expect(port.figures('live')).toBeUndefined();
  });

  test('bitrate, frame rate and size of an RTMP publisher, whose protocol tells nothing', async () => {
    const sink = publish();
    sink.writeTrack({ ...videoTrack, frameRate: 30 });
    await send(sink, 3);
    const figures = port.figures('live');
    expect(figures).toMatchObject({
      ...{ publishing: true, protocol: 'rtmp', startedAtMs: 1_800_000_000_000 },
      ...{ width: 1280, height: 720, announcedFps: 30, droppedFrames: 0, warnings: [] },
    });
    // 25 × 5000 and 50 × 100 bytes a second.
    expect(figures?.bitrateKbps).toBeCloseTo(1040, -2);
    expect(figures?.fps).toBeCloseTo(25, 0);
    expect(figures).not.toHaveProperty('rttMs');
    expect(figures).not.toHaveProperty('encoderSpeed');
    expect(figures).not.toHaveProperty('uploadBitrateKbps');
  });

  test('what the connection reports: round trip, loss, and lost pictures added up over publishers', async () => {
    const first = publish({ protocol: 'whip' });
    first.report({ droppedFrames: 2, warnings: [] });
    first.report({ droppedFrames: 3, warnings: [] });
    first.end('connection-lost');
    const warnings = [{ code: 'high-rtt', message: 'far away' }];
    publish({ protocol: 'whip' }).report({
      ...{ bitrateBps: 2_500_000, rttMs: 80, lossFraction: 0.01, droppedFrames: 1, warnings },
    });
    expect(port.figures('live')).toMatchObject({
      ...{ uploadBitrateKbps: 2500, rttMs: 80, lossFraction: 0.01, droppedFrames: 6, warnings },
    });
  });

  test('while the publisher is away nothing is told of its media', async () => {
    const sink = publish();
    sink.writeTrack(videoTrack);
    await send(sink, 2);
    sink.end('connection-lost');
    expect(port.figures('live')).toEqual({
      ...{ publishing: false, startedAtMs: 1_800_000_000_000, droppedFrames: 0, warnings: [] },
    });
  });

  test("the encoder's speed, and a warning when it is too slow", async () => {
    const sink = publish();
    sink.writeTrack(videoTrack);
    await send(sink, 1);
    expect(port.figures('live')).not.toHaveProperty('encoderSpeed');
    speed = 0.95;
    expect(port.figures('live')).toMatchObject({ encoderSpeed: 0.95, warnings: [] });
    speed = 0.94;
    expect(port.figures('live')?.warnings.map(({ code }) => code)).toEqual(['slow-encoder']);
  });

  test('viewers are who the media servers count', () => {
    expect(port.viewers('live')).toEqual({ hls: 3, whep: 2 });
  });
});
