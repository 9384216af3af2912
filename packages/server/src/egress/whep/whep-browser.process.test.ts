import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpGet } from '../../../../../tests/support/http-client.ts';
import { LiveStream } from '../../../../../tests/support/live-stream.ts';
import { pageScript } from '../../../../../tests/support/page-script.ts';
import { Tallylight } from '../../../../../tests/support/tallylight.ts';
import { waitFor } from '../../../../../tests/support/wait-for.ts';
import { PublishingBrowser } from '../../rtc-worker/testing/publishing-browser.ts';

/** Leaves the foreign player's class in `window.foreign`. */
const FOREIGN_PLAYER =
  "import { WebRTCPlayer } from '@eyevinn/webrtc-player'; window.foreign = WebRTCPlayer;";

interface Player {
  load(url: URL): Promise<void>;
  unload(): Promise<void>;
  on(event: string, listener: () => void): void;
}

interface PlayerWindow {
  foreign: new (options: object) => Player;
  player: Player;
  events: string[];
}

/** What the foreign player shows, and what it complained of. */
interface Picture {
  readonly width: number;
  readonly timeSec: number;
  readonly events: readonly string[];
}

describe('WHEP with a foreign player in a browser', () => {
  let server: Tallylight;
  let browser: PublishingBrowser;
  let stream: LiveStream;
  let script: string;

  beforeAll(async () => {
    script = await pageScript(FOREIGN_PLAYER);
    browser = await PublishingBrowser.open();
    server = await Tallylight.start({ env: { LADDER: 'off', PUBLIC_IP: '127.0.0.1' } });
    stream = await LiveStream.start({
      on: server,
      name: 'plain',
      clip: { profile: 'baseline', seconds: 60 },
    });
  });
  afterAll(async () => {
    await browser.close();
    await stream.close();
    await server.stop();
  });

  /** Loads a stream in a page of another origin; `statuses` are told what its POSTs were answered with. */
  async function play(streamId: string, statuses: number[] = []): Promise<Page> {
    const page = await browser.newPage();
    page.on('response', (response) => {
      if (response.request().method() === 'POST') statuses.push(response.status());
    });
    await page.setContent('<video autoplay muted playsinline></video>');
    await page.addScriptTag({ content: script });
    await page.evaluate(async (url) => {
      const page = window as unknown as PlayerWindow;
      const video = document.querySelector('video');
      page.events = [];
      page.player = new page.foreign({ video, type: 'whep', iceServers: [] });
      for (const event of [
        'connect-error',
        'initial-connection-failed',
        'peer-connection-failed',
        'no-media',
      ])
        page.player.on(event, () => page.events.push(event));
      await page.player.load(new URL(url));
    }, `${server.url}/whep/${streamId}`);
    return page;
  }

  function picture(page: Page): Promise<Picture> {
    return page.evaluate(() => {
      const video = document.querySelector('video');
      const { events } = window as unknown as PlayerWindow;
      return { width: video?.videoWidth ?? 0, timeSec: video?.currentTime ?? 0, events };
    });
  }

  async function viewers(streamId: string): Promise<number> {
    const { body } = await httpGet(`${server.url}/api/streams/${streamId}/health`);
    return (JSON.parse(body.toString()) as { viewers: { whep: number } }).viewers.whep;
  }

  test('it plays, is counted, and its session is gone when it unloads', async () => {
    const page = await play('plain');
    await waitFor('the picture', async () => (await picture(page)).timeSec > 2, 15_000);
    expect(await picture(page)).toMatchObject({ width: 320, events: [] });
    expect(await viewers('plain')).toBe(1);
    await page.evaluate(() => (window as unknown as PlayerWindow).player.unload());
    await waitFor('its session to be gone', async () => (await viewers('plain')) === 0, 5000);
    await page.close();
  });

  test('a stream with B-frames is refused with 422, after which it does not ask again', async () => {
    const jumpy = await LiveStream.start({ on: server, name: 'jumpy', clip: { bFrames: 2, seconds: 60 } });
    const statuses: number[] = [];
    const page = await play('jumpy', statuses);
    // It says so when it gives up. After 406 it never did: it asked without sound, then without picture, and so on for ever.
    const gaveUp = async (): Promise<boolean> =>
      (await picture(page)).events.includes('initial-connection-failed');
    await waitFor('the player to give up', gaveUp, 15_000);
    expect(statuses).toEqual([422]);
    expect(await picture(page)).toMatchObject({ timeSec: 0, events: ['initial-connection-failed'] });
    expect(await viewers('jumpy')).toBe(0);
    await page.close();
    await jumpy.close();
  });
});
