import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeBrowser } from '../testing/fake-browser.ts';
import { FakeTrack, fakeTrack } from '../testing/fake-track.ts';
import { BroadcastSource } from './broadcast-source.ts';

vi.mock('../compositor/compositor.ts', () => ({
  openCompositor: () => ({ track: new FakeTrack('video', 'composed'), show: vi.fn(), close: vi.fn() }),
}));
vi.mock('./audio-mix.ts', () => ({
  AudioMix: class {
    track({ microphone }: { readonly microphone: unknown }): unknown {
      return microphone ?? new FakeTrack('audio', 'silence');
    }

    close(): void {}
  },
}));

describe('BroadcastSource', () => {
  let browser: FakeBrowser;
  let source: BroadcastSource;
  const lost = vi.fn();

  beforeEach(() => {
    browser = FakeBrowser.install();
    lost.mockReset();
    source = new BroadcastSource(
      { quality: '720p', videoEnabled: true, audioEnabled: true },
      { changed: () => undefined, lost },
    );
  });

  afterEach(() => {
    source.close();
    vi.unstubAllGlobals();
  });

  test('of two cameras chosen one after the other the second stays, however slow the first is', async () => {
    browser.asks = true;
    const both = Promise.all([source.useCamera('slow'), source.useCamera('quick')]);
    for (const id of ['slow', 'quick']) {
      await vi.waitFor(() => {
        expect(browser.questions.at(-1)?.tracks[0]?.deviceId).toBe(id);
      });
      browser.questions.at(-1)?.answer();
    }
    await both;
    expect(source.camera?.getSettings().deviceId).toBe('quick');
    expect(browser.open).toEqual(['quick']);
  });

  test('a camera that opens after the close is let go of', async () => {
    browser.asks = true;
    const opened = source.useCamera('cam');
    await vi.waitFor(() => {
      expect(browser.questions).toHaveLength(1);
    });
    source.close();
    browser.questions[0]?.answer();
    await opened;
    expect(browser.open).toEqual([]);
  });

  test('so is the old camera that stands in for one that is busy', async () => {
    await source.useCamera('old');
    browser.asks = true;
    browser.busy.add('new');
    const outcome = expect(source.useCamera('new')).rejects.toMatchObject({ code: 'MEDIA_ACCESS_DENIED' });
    await vi.waitFor(() => {
      expect(browser.questions).toHaveLength(1);
    });
    source.close();
    browser.questions[0]?.answer();
    await outcome;
    expect(browser.open).toEqual([]);
  });

  test('a shared screen is seen while the camera is off', async () => {
    source.adopt({ camera: fakeTrack('video', 'cam') });
    source.setVideoEnabled(false);
    await source.shareScreen(true);
    expect(source.tracks.picture).toBe('screen');
    expect(source.tracks.video.enabled).toBe(true);
    source.setVideoEnabled(true);
    expect(source.tracks.picture).toBe('camera+screen');
    source.setVideoEnabled(false);
    source.stopSharing();
    expect(source.tracks.video.enabled).toBe(false);
  });

  test('a device that went away by itself is told', () => {
    const camera = new FakeTrack('video', 'cam');
    source.adopt({ camera: camera as unknown as MediaStreamTrack });
    camera.pull();
    expect(lost).toHaveBeenCalledWith('camera', 'cam');
    expect(source.tracks.picture).toBe('none');
  });
});
