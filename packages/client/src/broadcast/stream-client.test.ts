import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StreamClient } from './stream-client.ts';
import { FakeBrowser } from './testing/fake-browser.ts';
import { FakeConnection } from './testing/fake-connection.ts';
import { FakeServer } from './testing/fake-server.ts';
import { FakeTrack } from './testing/fake-track.ts';

vi.mock('./compositor/compositor.ts', () => ({
  openCompositor: () => ({ track: new FakeTrack('video', 'composed'), show: vi.fn(), close: vi.fn() }),
}));
vi.mock('./capture/audio-mix.ts', () => ({
  AudioMix: class {
    track({ microphone }: { readonly microphone: unknown }): unknown {
      return microphone ?? new FakeTrack('audio', 'silence');
    }

    close(): void {}
  },
}));

describe('StreamClient', () => {
  let browser: FakeBrowser;
  let server: FakeServer;
  let client: StreamClient;

  const state = () => client.store.get();

  beforeEach(() => {
    browser = FakeBrowser.install();
    server = FakeServer.install();
    client = new StreamClient({ streamId: '', streamKey: 'key', ingestUrl: '/whip', userId: '' });
  });

  afterEach(() => {
    client.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  describe('a stop while the user is asked for the devices', () => {
    test.each([
      ['stopBroadcast', () => client.stopBroadcast()],
      ['close', () => client.close()],
      ['endStream', () => void client.endStream()],
    ])('%s: nothing goes live, and the devices are let go of', async (_name, stop) => {
      browser.asks = true;
      const started = client.startBroadcast();
      const outcome = expect(started).rejects.toMatchObject({ name: 'AbortError' });
      stop();
      browser.questions[0]?.answer();
      await outcome;
      expect(browser.opened).toHaveLength(2);
      expect(browser.open).toEqual([]);
      expect(server.count('POST')).toBe(0);
      expect(state()).toMatchObject({ status: 'idle', stream: null });
    });

    test('a screen that is chosen afterwards is let go of too', async () => {
      browser.asks = true;
      const shared = client.shareScreen();
      const outcome = expect(shared).rejects.toMatchObject({ name: 'AbortError' });
      client.stopPreview();
      browser.questions[0]?.answer();
      await outcome;
      expect(browser.open).toEqual([]);
      expect(state()).toMatchObject({ status: 'idle', stream: null, error: undefined });
    });

    test('a closed client opens nothing', async () => {
      client.close();
      await expect(client.startPreview()).rejects.toMatchObject({ name: 'AbortError' });
      await expect(client.shareScreen()).rejects.toMatchObject({ name: 'AbortError' });
      expect(browser.opened).toEqual([]);
    });
  });

  test('a second start is refused while the first still asks for the devices', async () => {
    browser.asks = true;
    const first = client.startBroadcast();
    await expect(client.startBroadcast()).rejects.toThrow('Already broadcasting');
    browser.questions[0]?.answer();
    await first;
    expect(server.count('POST')).toBe(1);
    expect(FakeConnection.all).toHaveLength(1);
  });

  test('what was muted before the devices are open is muted when they are', async () => {
    client.toggleAudio(false);
    client.toggleVideo(false);
    const stream = await client.startPreview();
    expect(stream.getTracks().map(({ enabled }) => enabled)).toEqual([false, false]);
    expect(state()).toMatchObject({ audioEnabled: false, videoEnabled: false });
  });

  test('a start that is cancelled leaves the preview', async () => {
    await client.startPreview();
    const answer = server.holdNextPost();
    const started = client.startBroadcast();
    const outcome = expect(started).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitFor(() => {
      expect(server.count('POST')).toBe(1);
    });
    expect(client.connectionState).toBe('new');
    client.cancelStart();
    await outcome;
    expect(state().status).toBe('preview');
    expect(browser.open).toEqual(['cam', 'mic']);
    answer();
    await vi.waitFor(() => {
      expect(server.deleted).toHaveLength(1);
    });
  });

  describe('the end of the stream', () => {
    test('is the end when the server says so', async () => {
      await client.startBroadcast();
      await client.endStream();
      expect(state()).toMatchObject({ status: 'ended', error: undefined });
      // Its session went with it: there is nothing to delete.
      expect(server.deleted).toEqual([]);
      expect(browser.open).toEqual([]);
    });

    test.each([undefined, 401, 500])('is told to be none when the server does not (%s)', async (status) => {
      server.reconnectWindowSec = 30;
      await client.startBroadcast();
      await vi.waitFor(() => {
        expect(state().server?.reconnectWindowSec).toBe(30);
      });
      server.endStatus = status;
      await expect(client.endStream()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      expect(state().status).toBe('ended');
      expect(state().error?.message).toMatch(/stays open for viewers for up to 30 more seconds/);
      expect(server.deleted).toHaveLength(1);
      expect(browser.open).toEqual([]);
    });

    test('nor when nobody said which stream it is', async () => {
      server.namesStream = false;
      await client.startBroadcast();
      await expect(client.endStream()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      expect(state().error?.message).toMatch(/stays open/);
    });
  });

  test('a screen picker that is cancelled leaves nothing open: the camera is asked for anew', async () => {
    browser.asks = true;
    const shared = client.shareScreen();
    browser.questions[0]?.answer('NotAllowedError');
    await expect(shared).rejects.toMatchObject({ code: 'MEDIA_ACCESS_DENIED' });
    browser.refusals.set('video', 'NotAllowedError');
    browser.asks = false;
    await expect(client.startPreview()).rejects.toMatchObject({ code: 'MEDIA_ACCESS_DENIED' });
    expect(state()).toMatchObject({ status: 'idle', stream: null });
  });

  test('nor does the quality of a share that was cancelled stay for the camera', async () => {
    browser.asks = true;
    const shared = client.shareScreen(false, '1080p');
    browser.questions[0]?.answer('NotAllowedError');
    await expect(shared).rejects.toMatchObject({ code: 'MEDIA_ACCESS_DENIED' });
    browser.asks = false;
    await client.startPreview();
    expect(state().quality).toBe('720p');
    expect(state().error).toBeUndefined();
  });

  test('only the microphone is blocked: it is named, and the camera opens', async () => {
    browser.refusals.set('audio', 'NotAllowedError');
    browser.blocked.add('microphone');
    await client.startPreview();
    expect(browser.open).toEqual(['cam']);
    expect(state().error?.message).toMatch(/blocks the microphone/);
  });

  describe('one device alone', () => {
    test.each([
      ['microphone', { cameraId: undefined, microphoneId: 'mic', picture: 'screen' }],
      ['camera', { cameraId: 'cam', microphoneId: undefined, picture: 'screen' }],
    ] as const)('%s: the other stays off, also when the screen is no more', async (only, expected) => {
      await client.shareScreen();
      await client.startPreview({ only, cameraId: 'cam', microphoneId: 'mic' });
      expect(state()).toMatchObject(expected);
      client.stopSharing();
      expect(browser.open).toEqual([only === 'camera' ? 'cam' : 'mic']);
      expect(state().picture).toBe(only === 'camera' ? 'camera' : 'none');
    });
  });

  test('a host page hears of an outage, and of its end', async () => {
    const heard: RTCPeerConnectionState[] = [];
    client.close();
    client = new StreamClient({
      streamId: '',
      streamKey: 'key',
      ingestUrl: '/whip',
      userId: '',
      onConnectionStateChange: (next) => heard.push(next),
    });
    await client.startBroadcast();
    server.refuse(503, 1);
    FakeConnection.all[0]?.become('failed');
    await vi.waitFor(() => {
      expect(client.connectionState).toBe('disconnected');
    });
    expect(client.connected).toBe(false);
    await vi.waitFor(
      () => {
        expect(client.connected).toBe(true);
      },
      { timeout: 5_000 },
    );
    expect(heard).toEqual(['connected', 'failed', 'disconnected', 'connected']);
  });

  describe('quality', () => {
    test('is that of what is open, whatever was asked for later', async () => {
      await client.shareScreen(false, '1080p');
      expect(state().quality).toBe('1080p');
      await client.startPreview({ quality: '480p' });
      expect(state().quality).toBe('480p');
      expect(browser.opened[0]?.applyConstraints).toHaveBeenLastCalledWith(
        expect.objectContaining({ width: { max: 854 } }),
      );
    });

    test('that a device refuses is not shown, and the others go back', async () => {
      await client.startPreview({ quality: '720p' });
      await client.shareScreen();
      const [camera, , screen] = browser.opened;
      camera?.applyConstraints.mockRejectedValueOnce(new DOMException('no', 'OverconstrainedError'));
      await expect(client.changeQuality('1080p')).rejects.toMatchObject({ code: 'QUALITY_CHANGE_FAILED' });
      expect(client.quality).toBe('720p');
      expect(screen?.applyConstraints).toHaveBeenLastCalledWith(
        expect.objectContaining({ width: { max: 1280 } }),
      );
    });
  });

  describe('the limits of the stream', () => {
    test('are learned once live: encoder, camera and quality go below them without a new connection', async () => {
      server.limits = { maxBitrateBps: 1_000_000, maxShortSide: 480, maxFrameRate: 15 };
      await client.startBroadcast('1080p');
      const [connection] = FakeConnection.all;
      expect(connection?.videoBounds).toMatchObject({ maxBitrate: 4_500_000, maxFramerate: 30 });
      await vi.waitFor(() => {
        expect(connection?.videoBounds).toMatchObject({ maxBitrate: 872_000, maxFramerate: 15 });
      });
      expect(state()).toMatchObject({ quality: '480p', status: 'live' });
      expect(browser.opened[0]?.applyConstraints).toHaveBeenLastCalledWith(
        expect.objectContaining({ height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } }),
      );
      await client.changeQuality('720p');
      expect(state().quality).toBe('480p');
      expect(FakeConnection.all).toHaveLength(1);
    });

    test('of a stream that is known hold before it is live', async () => {
      server.settings = { bitrateKbps: 1000, maxResolution: '480p', fps: 15 };
      client.close();
      client = new StreamClient({ streamId: 'show', streamKey: 'key', ingestUrl: '/whip', userId: '' });
      await client.startPreview({ quality: '720p' });
      await vi.waitFor(() => {
        expect(state()).toMatchObject({ quality: '480p', limits: { maxShortSide: 480 } });
      });
      await client.startBroadcast('720p');
      expect(FakeConnection.all[0]?.videoBounds).toMatchObject({ maxBitrate: 872_000, maxFramerate: 15 });
    });

    test('that a camera refuses hold for the encoder', async () => {
      server.limits = { maxBitrateBps: 1_000_000, maxFrameRate: 15 };
      await client.startPreview();
      browser.opened[0]?.applyConstraints.mockRejectedValue(new DOMException('no', 'OverconstrainedError'));
      await client.startBroadcast();
      await vi.waitFor(() => {
        expect(FakeConnection.all[0]?.videoBounds).toMatchObject({ maxBitrate: 872_000, maxFramerate: 15 });
      });
      expect(state().error).toBeUndefined();
    });

    test('are forgotten with the broadcast when only its key told the stream', async () => {
      server.limits = { maxShortSide: 480 };
      await client.startBroadcast();
      await vi.waitFor(() => {
        expect(state().limits).toEqual({ maxShortSide: 480 });
      });
      client.stopBroadcast();
      expect(state().limits).toEqual({});
    });
  });

  test('a webcam with a microphone that is plugged in again is used again, both of it', async () => {
    await client.startPreview();
    const devices = browser.devices;
    const [camera, microphone] = browser.opened;
    browser.plug([]);
    camera?.pull();
    microphone?.pull();
    await vi.waitFor(() => {
      expect(state().cameras).toEqual([]);
    });
    browser.plug(devices.slice(0, 1));
    await vi.waitFor(() => {
      expect(state().picture).toBe('camera');
    });
    // The camera is back, the microphone is missing still: that is what is said.
    expect(state().error?.message).toMatch(/The microphone is gone/);
    browser.plug(devices);
    await vi.waitFor(() => {
      expect(state()).toMatchObject({ microphoneId: 'mic', error: undefined });
    });
  });
});
