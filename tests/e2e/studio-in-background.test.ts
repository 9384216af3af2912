import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BareChromium } from '../support/bare-chromium.ts';
import { cameraFlags } from '../support/chromium.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

/** What the page tells about itself. */
interface Reading {
  readonly visibility: string;
  readonly picture: BroadcastState['picture'];
  readonly track: string;
  readonly framesPerSecond: number;
}

describe('the studio in a page that nobody sees', () => {
  let server: Tallylight;
  let key: string;
  let browser: BareChromium;

  const read = async (): Promise<Reading> =>
    (await browser.run(`(() => {
      const state = tallylightStudio.client.store.get();
      return {
        visibility: document.visibilityState,
        picture: state.picture,
        track: state.stream.getVideoTracks()[0].constructor.name,
        framesPerSecond: state.figures?.framesPerSecond ?? 0,
      };
    })()`)) as Reading;

  /** More than half of the frames, over a span that began after the call: figures are means of two seconds. */
  const runsOn = async (): Promise<Reading> => {
    const fromMs = performance.now();
    return waitFor(
      'frames',
      async () => {
        const reading = await read();
        return performance.now() - fromMs > 3_000 && reading.framesPerSecond > 15 && reading;
      },
      20_000,
    );
  };

  /** On air with camera and microphone; `before` is to run ahead of the page's own scripts. */
  const goLive = async (before = ''): Promise<void> => {
    await browser.goTo(`${server.url}/studio`, before);
    await waitFor('the studio', () => browser.run('window.tallylightStudio !== undefined'));
    await browser.run(`{
      const field = document.querySelector('#stream-key');
      field.value = ${JSON.stringify(key)};
      field.dispatchEvent(new Event('input'));
    }`);
    await browser.run('tallylightStudio.client.startPreview().then(() => true)');
    await browser.run('tallylightStudio.client.startBroadcast().then(() => true)');
  };

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: 'off' } });
    key = await server.addKey('show');
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(async () => {
    browser = await BareChromium.open(cameraFlags('fps=30'));
  });

  afterEach(async () => {
    await browser.close();
  });

  test('the camera alone goes on at more than half of its rate', async () => {
    await goLive();
    await browser.hide();
    expect(await runsOn()).toMatchObject({
      visibility: 'hidden',
      picture: 'camera',
      track: 'MediaStreamTrack',
    });
  });

  test.each([
    ['frames are drawn in a worker', '', 'MediaStreamTrackGenerator'],
    [
      'a browser that gives workers no frames',
      'delete window.MediaStreamTrackGenerator;',
      'CanvasCaptureMediaStreamTrack',
    ],
  ])(
    'screen and camera together go on at more than half of their rate, in black too: %s',
    async (_words, before, trackType) => {
      await goLive(before);
      await browser.run('tallylightStudio.client.shareScreen(true).then(() => true)');
      await browser.hide();
      const hidden = await runsOn();
      expect(hidden).toMatchObject({ visibility: 'hidden', picture: 'camera+screen', track: trackType });
      await browser.run('tallylightStudio.client.stopSharing()');
      await browser.run('tallylightStudio.client.toggleVideo(false)');
      expect(await runsOn()).toMatchObject({ visibility: 'hidden', picture: 'camera' });
    },
  );
});
