import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StudioPage } from '../support/studio-page.ts';
import { Tallylight } from '../support/tallylight.ts';
import { WatchPage } from '../support/watch-page.ts';
import { openCameraChromium } from './camera-chromium.ts';

/** In the page: a camera that a test can turn, because the browser's fake one cannot. */
function installTurningCamera(): void {
  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  if (mediaDevices === undefined) return;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    const [camera] = stream.getVideoTracks();
    if (camera === undefined) return stream;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1280, 720];
    canvas.id = 'turning-camera';
    canvas.hidden = true;
    document.body.append(canvas);
    const context = canvas.getContext('2d');
    let count = 0;
    setInterval(() => {
      count += 1;
      if (context === null) return;
      context.fillStyle = `hsl(${String(count % 360)} 60% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }, 33);
    stream.removeTrack(camera);
    for (const track of canvas.captureStream(30).getVideoTracks()) stream.addTrack(track);
    return stream;
  };
}

/** Turns it. */
async function turn(page: Page, width: number, height: number): Promise<void> {
  await page.evaluate(
    (size) => {
      const canvas = document.querySelector<HTMLCanvasElement>('#turning-camera');
      if (canvas === null) throw new Error('no camera');
      [canvas.width, canvas.height] = size;
    },
    [width, height] as const,
  );
}

describe('a camera that turns', () => {
  let server: Tallylight;
  let browser: Awaited<ReturnType<typeof openCameraChromium>>;

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: 'off' } });
    browser = await openCameraChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test('is seen upright by the viewers, and goes on', async () => {
    const page = await browser.context.newPage();
    await page.addInitScript(installTurningCamera);
    const studio = await StudioPage.goLive(page, server.url, await server.addKey('show'));
    const watch = await WatchPage.open(browser.context, `${server.url}/watch/show`);
    await watch.until('the landscape', ({ videoWidth, videoHeight }) => videoWidth > videoHeight);
    const before = await watch.state();
    for (const [width, height] of [
      [720, 1280],
      [1280, 720],
    ] as const) {
      await turn(page, width, height);
      await watch.until(
        `${String(width)} × ${String(height)}`,
        (now) => now.videoWidth === width && now.videoHeight === height,
        15_000,
      );
      await watch.play(3);
    }
    const after = await watch.state();
    expect((after?.stallCount ?? 0) - (before?.stallCount ?? 0)).toBeLessThanOrEqual(1);
    expect((await studio.state())?.status).toBe('live');
    expect(watch.errors).toEqual([]);
  });
});
