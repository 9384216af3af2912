import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StudioPage } from '../support/studio-page.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { openCameraChromium } from './camera-chromium.ts';

/** Pages of the studio in Chromium: what is opened, and that nothing else is; how it is left. */
describe('the studio opens what is asked for, and leaves as it should', () => {
  let server: Tallylight;
  let browser: Awaited<ReturnType<typeof openCameraChromium>>;
  let page: Page;
  let key: string;
  let complaints: string[];

  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

  const until = (what: string, accepts: (now: BroadcastState) => boolean): Promise<BroadcastState> =>
    waitFor(
      what,
      async () => {
        const now = await page.evaluate(() => {
          const state = window.tallylightStudio?.client.store.get();
          if (state === undefined) throw new Error('the studio is not there');
          return { ...state, stream: null, cameras: [], microphones: [] };
        });
        return accepts(now) && now;
      },
      15_000,
    );

  /** Why the publisher left, as the server tells it since `from` lines of its log. */
  const reasonOfLeaving = (from: number): Promise<unknown> =>
    waitFor(
      'the publisher to leave',
      () => server.log.slice(from).find(({ msg }) => msg === 'publisher left')?.['reason'],
    );

  const goLive = async (): Promise<number> => {
    const from = server.log.length;
    await StudioPage.goLive(page, server.url, key);
    return from;
  };

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: 'off' } });
    key = await server.addKey('show');
    browser = await openCameraChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  beforeEach(async () => {
    page = await browser.context.newPage();
    complaints = [];
    page.on('console', (message) => {
      const { url } = message.location();
      if (message.type() === 'error' && url.includes('/whip')) complaints.push(`${message.text()} ${url}`);
    });
    return async () => {
      await page.close();
    };
  });

  test('a microphone that is turned on over a shared screen brings no camera on air', async () => {
    await page.goto(`${server.url}/studio`);
    await page.fill('#stream-key', key);
    await press('Share screen');
    await until('the screen', ({ picture }) => picture === 'screen');
    expect(await page.getByLabel('Camera', { exact: true }).inputValue()).toBe('');
    await press('Go live');
    await until('the broadcast', ({ status }) => status === 'live');
    await press('Stop sharing');
    await until('black', ({ picture }) => picture === 'none');
    await press('Turn on microphone');
    const now = await until('the microphone', ({ microphoneId }) => microphoneId !== undefined);
    expect(now).toMatchObject({ picture: 'none', status: 'live' });
    expect(now.cameraId).toBeUndefined();
    // The menu says so as well.
    const menu = page.getByLabel('Camera', { exact: true });
    expect(await menu.evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text)).toBe('None');
    const from = server.log.length;
    await page.evaluate(() => {
      window.tallylightStudio?.client.stopBroadcast();
    });
    expect(await reasonOfLeaving(from)).toBe('unpublished');
  });

  test('a camera that is turned on brings no microphone', async () => {
    await page.goto(`${server.url}/studio`);
    await press('Share screen');
    await until('the screen', ({ picture }) => picture === 'screen');
    await press('Stop sharing');
    await press('Turn on camera');
    const now = await until('the camera', ({ picture }) => picture === 'camera');
    expect(now.microphoneId).toBeUndefined();
  });

  test('a camera that is not there any more is said to be gone, while another is on', async () => {
    await page.goto(`${server.url}/studio`);
    await press('Turn on camera and microphone');
    await until('the preview', ({ status }) => status === 'preview');
    const words = await page.evaluate(() =>
      window.tallylightStudio?.client.switchCamera('no-such-camera').catch((error: Error) => error.message),
    );
    expect(words).toBe('This camera is gone. Plug it in again, or choose another.');
  });

  test('a stop is told to the server as a stop', async () => {
    const from = await goLive();
    await page.evaluate(() => {
      window.tallylightStudio?.client.stopBroadcast();
    });
    expect(await reasonOfLeaving(from)).toBe('unpublished');
    expect(complaints).toEqual([]);
  });

  test('so is a page that goes away', async () => {
    const from = await goLive();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.goto('about:blank');
    expect(await reasonOfLeaving(from)).toBe('unpublished');
  });

  test('and the end of the stream leaves no complaint', async () => {
    await goLive();
    await press('End');
    await press('End stream');
    await until('the end', ({ status }) => status === 'ended');
    await page.waitForTimeout(500);
    expect(complaints).toEqual([]);
  });

  test('the way to the test of the network is in reach', async () => {
    await page.goto(`${server.url}/studio`);
    const link = page.getByRole('link', { name: 'Test your network' });
    expect(await link.getAttribute('href')).toBe('/network-test');
  });

  test('on a phone Go live is below the picture, without scrolling', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${server.url}/studio`);
    await press('Turn on camera and microphone');
    await until('the preview', ({ status }) => status === 'preview');
    const [button, field] = await Promise.all([
      page.getByRole('button', { name: 'Go live' }).boundingBox(),
      page.locator('#stream-key').boundingBox(),
    ]);
    expect((button?.y ?? 999) + (button?.height ?? 0)).toBeLessThan(740);
    expect(button?.y).toBeLessThan(field?.y ?? 0);
  });
});
