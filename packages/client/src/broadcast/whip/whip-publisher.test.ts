import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeConnection } from '../testing/fake-connection.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { fakeTrack } from '../testing/fake-track.ts';
import { WhipPublisher, type WhipPublisherOptions } from './whip-publisher.ts';

const ENDPOINT = 'https://live.example/whip';

describe('WhipPublisher', () => {
  let server: FakeServer;
  let publisher: WhipPublisher | undefined;

  const publish = (options: Partial<WhipPublisherOptions> = {}): WhipPublisher => {
    publisher = new WhipPublisher({
      endpoint: ENDPOINT,
      streamKey: 'key',
      media: {
        video: { track: fakeTrack('video'), maxBitrateBps: 1_000_000, maxFramesPerSecond: 30 },
        audio: undefined,
      },
      iceServersUrl: 'https://live.example/api/ice-servers',
      ...options,
    });
    return publisher;
  };

  const lose = (): void => {
    FakeConnection.all.at(-1)?.become('failed');
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    FakeConnection.install();
    server = FakeServer.install();
  });

  afterEach(() => {
    publisher?.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('publishes, and shows the connection while it is being made', async () => {
    FakeConnection.connects = false;
    const started = publish().start();
    await vi.waitFor(() => {
      expect(server.count('POST')).toBe(1);
      expect(publisher?.connection?.connectionState).toBe('new');
    });
    await vi.advanceTimersByTimeAsync(10);
    FakeConnection.all[0]?.become('connected');
    await started;
    expect(publisher?.store.get().status).toBe('live');
  });

  test('a session that the server makes for a publisher that was closed meanwhile is deleted', async () => {
    const answer = server.holdNextPost();
    const started = publish().start();
    started.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(300);
    expect(server.count('POST')).toBe(1);
    publisher?.close();
    await expect(started).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.count('DELETE')).toBe(0);
    answer();
    await vi.waitFor(() => {
      expect(server.deleted).toEqual(['https://live.example/whip/1']);
    });
  });

  test('so is one whose answer comes after nobody waited for it any more', async () => {
    const answer = server.holdNextPost();
    const started = publish({ startWindowMs: 1 }).start();
    const outcome = expect(started).rejects.toMatchObject({ kind: 'unreachable' });
    await vi.advanceTimersByTimeAsync(9_000);
    await outcome;
    answer();
    await vi.waitFor(() => {
      expect(server.deleted).toEqual(['https://live.example/whip/1']);
    });
  });

  test.each([404, 400, 500])(
    'a server that answers %d while it restarts does not end a live stream',
    async (status) => {
      await publish().start();
      server.refuse(status, 2);
      lose();
      await vi.advanceTimersByTimeAsync(5_000);
      expect(publisher?.store.get().status).toBe('live');
      expect(server.count('POST')).toBe(4);
    },
  );

  test('a failure that nobody foresaw does not end a live stream', async () => {
    await publish().start();
    FakeConnection.throws = 1;
    lose();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(publisher?.store.get().status).toBe('live');
  });

  test('a refused key ends it at once', async () => {
    await publish().start();
    server.refuse(401, 1);
    lose();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(publisher?.store.get()).toMatchObject({ status: 'failed', error: { kind: 'wrong-key' } });
  });

  test('a first start that the server does not take is not tried again', async () => {
    server.refuse(404, 1);
    await expect(publish().start()).rejects.toMatchObject({ kind: 'not-accepted' });
    expect(server.count('POST')).toBe(1);
  });

  test('ICE servers that a browser does not take cost their help, not the connection', async () => {
    FakeConnection.refusesIceServers = true;
    await publish().start();
    expect(publisher?.store.get().status).toBe('live');
  });

  test('counts down only the time that the server said', async () => {
    let windowMs: number | undefined;
    await publish({ reconnectWindowMs: () => windowMs }).start();
    server.refuse(500, 1);
    lose();
    await vi.advanceTimersByTimeAsync(0);
    expect(publisher?.store.get().reconnecting).toMatchObject({ untilMs: undefined });
    await vi.advanceTimersByTimeAsync(5_000);
    windowMs = 30_000;
    server.refuse(500, 1);
    lose();
    await vi.advanceTimersByTimeAsync(0);
    expect(publisher?.store.get().reconnecting?.untilMs).toBeLessThanOrEqual(performance.now() + 30_000);
  });

  test('gives up when the window is over', async () => {
    await publish({ reconnectWindowMs: () => 3_000 }).start();
    server.refuse(503, 99);
    lose();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(publisher?.store.get()).toMatchObject({ status: 'failed', error: { kind: 'server-busy' } });
  });

  describe('the end', () => {
    test.each([false, true])('is told before the connection is closed (no answer: %s)', async (ignored) => {
      server.ignoresDelete = ignored;
      await publish().start();
      const [connection] = FakeConnection.all;
      publisher?.close();
      expect(server.deleted).toEqual(['https://live.example/whip/1']);
      // Still connected, but nothing leaves the browser.
      expect(connection?.connectionState).toBe('connected');
      expect(connection?.sent).toEqual([null]);
      await vi.advanceTimersByTimeAsync(ignored ? 299 : 0);
      expect(connection?.connectionState).toBe(ignored ? 'connected' : 'closed');
      await vi.advanceTimersByTimeAsync(1);
      expect(connection?.connectionState).toBe('closed');
    });
  });

  test('a lost connection is said to be disconnected until the next is made, however often that fails', async () => {
    const states: unknown[] = [];
    await publish().start();
    publisher?.store.subscribe(({ connectionState }) => {
      if (states.at(-1) !== connectionState) states.push(connectionState);
    });
    FakeConnection.connects = false;
    lose();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(publisher?.store.get()).toMatchObject({
      status: 'reconnecting',
      connectionState: 'disconnected',
    });
    FakeConnection.all.at(-1)?.become('connecting');
    lose();
    FakeConnection.connects = true;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(states).toEqual(['failed', 'disconnected', 'connecting', 'disconnected', 'connected']);
  });

  test('our own lost session is deleted when it is in the way', async () => {
    await publish().start();
    server.refuse(409, 1);
    lose();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(server.deleted).toContain('https://live.example/whip/1');
    expect(publisher?.store.get().status).toBe('live');
  });

  test('tracks that came while the connection was made are sent', async () => {
    const answer = server.holdNextPost();
    const started = publish().start();
    await vi.advanceTimersByTimeAsync(300);
    const other = fakeTrack('video');
    await publisher?.replace({
      video: { track: other, maxBitrateBps: 1, maxFramesPerSecond: 30 },
      audio: undefined,
    });
    answer();
    await started;
    expect(FakeConnection.all[0]?.sent).toEqual([other]);
  });
});
