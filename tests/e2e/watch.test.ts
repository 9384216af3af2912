import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { FfmpegPublisher, patternArgs } from '../support/publisher.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { WatchPage } from '../support/watch-page.ts';

/** CI plays a shorter time; `npm run test:long` sets this to 30 and more. */
const PLAY_SEC = Number(process.env['E2E_PLAY_SEC'] ?? 30);

/** One server, one browser and one publisher for all: a small picture, so that two cores hold everything. */
describe('the watch page in Chromium', () => {
  let server: Tallylight;
  let browser: Awaited<ReturnType<typeof openChromium>>;
  let publisher: FfmpegPublisher;
  let key: string;
  let page: WatchPage;

  const publish = (): void => {
    publisher = FfmpegPublisher.start(
      patternArgs(`${server.rtmpUrl}/${key}`, { size: '640x360', bitrate: '800k', seconds: 600 }),
    );
  };

  beforeAll(async () => {
    server = await Tallylight.start({ tls: true, env: { LADDER: '240p:300k' } });
    key = await server.addKey('show');
    publish();
    browser = await openChromium();
    await waitFor('the stream', async () => (await fetch(server.playlistUrl('show'))).ok);
    page = await WatchPage.open(browser.context, `${server.url}/watch/show`);
  });

  afterAll(async () => {
    await browser.close();
    await publisher.stop();
    await server.stop();
  });

  test(`plays ${PLAY_SEC} s without a stall, under two seconds behind`, async () => {
    await page.until('the latency to settle', (state) => (state.latencyMs ?? Infinity) < 1500, 20_000);
    const { stalls, mediaSec, frames } = await page.play(PLAY_SEC);
    expect(stalls).toBe(0);
    expect(frames).toBeGreaterThan(mediaSec * 30 * 0.9);
    expect((await page.state())?.latencyMs).toBeLessThan(2000);
  });

  test('a stream that never was is off air, and nothing reconnects', async () => {
    const other = await browser.context.newPage();
    await other.goto(`${server.url}/watch/nobody`);
    await waitFor('the words', async () =>
      (await other.locator('.notice').innerText()).startsWith('Nothing is live here yet.'),
    );
    expect(await other.locator('.live').innerText()).toBe('OFF AIR');
    await other.close();
  });

  test('switches to each rendition without a gap', async () => {
    const renditions = (await page.state())?.renditions ?? [];
    expect(renditions.map((rendition) => rendition.height)).toEqual([360, 240]);
    for (const rendition of renditions.toReversed()) {
      const stallsBefore = (await page.state())?.stallCount;
      await page.setRendition(rendition.id);
      const state = await page.until(
        `rendition ${rendition.id}`,
        (now) => now.currentRenditionId === rendition.id && now.videoHeight === rendition.height,
      );
      expect(state.stallCount).toBe(stallsBefore);
    }
    await page.setRendition('auto');
  });

  test('plays on when the publisher stops for 5 s and comes back with the same key', async () => {
    const edgeBefore = await mediaSequence(server);
    await publisher.stop();
    const stopped = performance.now();
    await waitFor('five seconds', () => performance.now() - stopped > 5000);
    publish();
    const before = await page.decodedFrames();
    await waitFor('pictures again', async () => (await page.decodedFrames()) > before + 60, 25_000);
    await page.until('playing', (state) => state.status === 'playing');
    expect(await (await fetch(`${server.url}/hls/show/source/index.m3u8`)).text()).toContain(
      '#EXT-X-DISCONTINUITY\n',
    );
    expect(await mediaSequence(server)).toBeGreaterThanOrEqual(edgeBefore);
    expect(page.errors).toEqual([]);
  });

  test('plays on when the server is killed and started again', async () => {
    const edgeBefore = await mediaSequence(server);
    await server.signal('SIGKILL');
    await publisher.stop('SIGKILL');
    await server.launch();
    publish();
    await waitFor('a newer playlist', async () => (await mediaSequence(server)) > edgeBefore, 20_000);
    await page.until('playing', (state) => state.status === 'playing', 30_000);
    expect((await page.play(2)).frames).toBeGreaterThan(30);
    expect(page.errors).toEqual([]);
  });

  test('plays in four tabs over HTTP/2', async () => {
    await page.page.close();
    const tabs: WatchPage[] = [];
    for (let tab = 0; tab < 4; tab += 1)
      tabs.push(await WatchPage.open(browser.context, `${server.httpsUrl}/watch/show`));
    const protocol = await tabs[0]?.page.evaluate(
      () => (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).at(-1)?.nextHopProtocol,
    );
    expect(protocol).toBe('h2');
    // Tabs in the background are throttled: each is looked at in turn, and all must have gone on.
    const before = await Promise.all(tabs.map((tab) => tab.currentTime()));
    for (const tab of tabs) {
      await tab.page.bringToFront();
      expect((await tab.play(4)).mediaSec).toBeGreaterThanOrEqual(4);
    }
    const after = await Promise.all(tabs.map((tab) => tab.currentTime()));
    after.forEach((time, index) => expect(time - (before[index] ?? 0)).toBeGreaterThan(10));
  });
});

/** The first media sequence number that the source's playlist lists now. */
async function mediaSequence(server: Tallylight): Promise<number> {
  const text = await (await fetch(`${server.url}/hls/show/source/index.m3u8`)).text();
  return Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
}
