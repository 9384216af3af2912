import type { PlayerState } from '@tallylight/client/player/player-state.ts';
import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { LiveShow } from '../support/live-show.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { WatchPage } from '../support/watch-page.ts';

/** An address that is nobody's (RFC 5737): packets to it are never answered. */
const NOWHERE = '198.51.100.9';

let browser: Awaited<ReturnType<typeof openChromium>>;

beforeAll(async () => {
  browser = await openChromium();
  await browser.context.addInitScript(() => localStorage.setItem('tallylight.ultra-low-latency', 'yes'));
});

afterAll(async () => {
  await browser.close();
});

function byWhep(state: PlayerState): boolean {
  return state.transport === 'whep' && state.status === 'playing';
}

/** Calls a method of the page's player. */
async function callPlayer(watch: WatchPage, method: 'setUltraLowLatency', on: boolean): Promise<void> {
  await watch.page.evaluate(
    ({ name, argument }) => {
      const { tallylight } = globalThis as { tallylight?: { player: Record<string, (on: boolean) => void> } };
      tallylight?.player[name]?.(argument);
    },
    { name: method, argument: on },
  );
}

/** The smallest gap that shows: how long the number of decoded pictures stood still while `during` ran, in ms. */
async function longestFreezeMs(watch: WatchPage, during: () => Promise<unknown>): Promise<number> {
  const measuring = watch.page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const video = document.querySelector('video');
        const page = globalThis as { endOfMeasurement?: () => void };
        let lastMs = performance.now();
        let longestMs = 0;
        let running = true;
        const onPicture = (): void => {
          longestMs = Math.max(longestMs, performance.now() - lastMs);
          lastMs = performance.now();
          if (running) video?.requestVideoFrameCallback(onPicture);
        };
        video?.requestVideoFrameCallback(onPicture);
        page.endOfMeasurement = () => {
          running = false;
          resolve(Math.max(longestMs, performance.now() - lastMs));
        };
      }),
  );
  await during();
  await watch.page.evaluate(() => {
    (globalThis as { endOfMeasurement?: () => void }).endOfMeasurement?.();
  });
  return measuring;
}

describe('the watch page with ultra-low latency', () => {
  let show: LiveShow;
  let page: WatchPage;

  beforeAll(async () => {
    show = await LiveShow.start();
    page = await WatchPage.open(browser.context, show.watchUrl);
  });

  afterAll(async () => {
    await page.page.close();
    await show.stop();
  });

  test('plays an RTMP stream by WHEP, 10 s without a stall, a fraction of a second behind', async () => {
    await page.until('WHEP', byWhep);
    const { stalls, mediaSec, frames } = await page.play(10);
    expect(stalls).toBe(0);
    expect(frames).toBeGreaterThan(mediaSec * 30 * 0.9);
    const state = await page.until('a dated latency', (now) => now.latencyBasis === 'sender-report');
    expect(state.latencyMs).toBeLessThan(500);
    expect(state.transportReason).toBe('Ultra-low latency is on.');
    expect(state.renditions.map((rendition) => rendition.height)).toEqual([360, 240]);
    expect(await page.page.getByLabel('Quality').locator('option:checked').textContent()).toBe(
      'Auto (WebRTC)',
    );
  });

  test('has sound in two channels', async () => {
    await page.page.evaluate(() => {
      const stream = document.querySelector('video')?.srcObject;
      if (!(stream instanceof MediaStream)) throw new Error('no stream');
      const context = new AudioContext();
      const splitter = context.createChannelSplitter(2);
      context.createMediaStreamSource(stream).connect(splitter);
      const peaks = [0, 1].map((channel) => {
        const analyser = context.createAnalyser();
        splitter.connect(analyser, channel);
        return (): number => {
          const samples = new Float32Array(analyser.fftSize);
          analyser.getFloatTimeDomainData(samples);
          return Math.max(...samples.map(Math.abs));
        };
      });
      (globalThis as { peaks?: () => number[] }).peaks = () => peaks.map((peak) => peak());
    });
    const peaks = (): Promise<number[]> =>
      page.page.evaluate(() => (globalThis as { peaks?: () => number[] }).peaks?.() ?? []);
    await waitFor('the tone on the right', async () => ((await peaks())[1] ?? 0) > 0.05);
    const [left, right] = await peaks();
    expect(right).toBeGreaterThan(0.05);
    expect(left).toBeLessThan(0.01);
  });

  test('the switch changes the transport and back, and the picture never stands still for 1.5 s', async () => {
    const frozenMs = await longestFreezeMs(page, async () => {
      await callPlayer(page, 'setUltraLowLatency', false);
      await page.until('LL-HLS', (state) => state.transport === 'll-hls' && state.status === 'playing');
      await page.play(2);
      await callPlayer(page, 'setUltraLowLatency', true);
      await page.until('WHEP', byWhep);
      await page.play(2);
    });
    expect(frozenMs).toBeLessThan(1_500);
    const speed = await page.page.evaluate(() => document.querySelector('video')?.playbackRate);
    expect((await page.state())?.playbackRate).toBe(speed);
  });

  test('a chosen quality comes by LL-HLS, and Auto goes back to WebRTC', async () => {
    await page.page.getByLabel('Quality').selectOption('240p');
    const chosen = await page.until('240p', (state) => state.videoHeight === 240);
    expect(chosen.transport).toBe('ll-hls');
    expect(chosen.transportReason).toMatch(/You chose a quality/);
    await page.page.getByLabel('Quality').selectOption('auto');
    await page.until('WHEP', byWhep);
  });

  test('the picture comes back by itself within 5 s when the worker is killed', async () => {
    await page.play(1);
    const pid = show.workerPid;
    process.kill(pid, 'SIGKILL');
    const killedMs = performance.now();
    await waitFor('another worker', () => show.workerPid !== pid);
    await page.until('the loss to be seen', (state) => !byWhep(state));
    await page.until('WHEP again', byWhep);
    const before = await page.decodedFrames();
    await waitFor('pictures', async () => (await page.decodedFrames()) > before);
    expect(performance.now() - killedMs).toBeLessThan(5_000);
    await page.pictures(30, 3_000);
    expect(page.errors).toEqual([]);
  });

  test('a page that is closed ends its session on the server', async () => {
    const other = await WatchPage.open(browser.context, show.watchUrl);
    await other.until('WHEP', byWhep);
    const viewers = async (): Promise<number> => {
      const response = await fetch(`${show.server.url}/api/streams/show/health`);
      return ((await response.json()) as { viewers: { whep: number } }).viewers.whep;
    };
    await waitFor('two viewers', async () => (await viewers()) === 2);
    await other.page.close({ runBeforeUnload: true });
    await waitFor('one viewer', async () => (await viewers()) === 1, 3_000);
  });

  test('a publisher who is away for 7 s is waited for, and seen again by WebRTC without a detour', async () => {
    await show.unpublish();
    const awayMs = performance.now();
    await page.until('the wait', (state) => state.status === 'waiting-for-publisher', 20_000);
    const transports = new Set<unknown>();
    const noted = async (): Promise<void> => {
      transports.add((await page.state())?.transport);
    };
    await waitFor('seven seconds', async () => {
      await noted();
      return performance.now() - awayMs > 7_000;
    });
    show.publishAgain();
    await page.until('the picture', (state) => state.status === 'playing', 20_000);
    await noted();
    expect([...transports]).toEqual(['whep']);
    await page.pictures(30, 3_000);
  });

  test('a stream that ends is said to have ended, and plays by WebRTC when it begins anew', async () => {
    await show.end();
    await page.until('the end', (state) => state.status === 'ended');
    await page.until('no word of LL-HLS', (state) => !state.transportReason.includes('It plays'));
    expect(await page.page.locator('.notice').innerText()).toMatch(/^This stream has ended\./);
    show.publishAgain();
    await page.until('WHEP again', byWhep, 30_000);
    await page.pictures(30, 3_000);
    expect(page.errors).toEqual([]);
  });
});

describe('where WebRTC cannot be had, the watch page plays by LL-HLS and says why', () => {
  let show: LiveShow;
  let page: WatchPage;

  afterEach(async () => {
    await page.page.close();
    await show.stop();
  });

  const notice = (): Promise<string> => page.page.locator('.transport').innerText();

  test('all places are taken', async () => {
    show = await LiveShow.start({ MAX_WHEP_VIEWERS: '0' });
    page = await WatchPage.open(browser.context, show.watchUrl);
    const state = await page.until('the refusal', (now) => now.whepFailure !== undefined);
    expect([state.transport, state.whepFailure]).toEqual(['ll-hls', 'full']);
    expect(await notice()).toMatch(/^All places for ultra-low latency are taken\./);
    await page.pictures(30, 3_000);
  });

  test('UDP is blocked', async () => {
    show = await LiveShow.start({ PUBLIC_IP: NOWHERE });
    page = await WatchPage.open(browser.context, show.watchUrl);
    // LL-HLS does not wait for ICE to give up.
    expect((await page.state())?.whepFailure).toBeUndefined();
    const state = await page.until('the failure', (now) => now.whepFailure !== undefined);
    expect([state.transport, state.whepFailure]).toEqual(['ll-hls', 'udp-blocked']);
    expect(await notice()).toBe(
      'UDP seems blocked on this network. It plays with a little more delay, and tries again by itself. Test your network',
    );
  });

  test('the publisher sends B-frames, which WebRTC cannot show', async () => {
    show = await LiveShow.start({ LADDER: 'off' }, 2);
    page = await WatchPage.open(browser.context, show.watchUrl);
    const state = await page.until('the refusal', (now) => now.whepFailure !== undefined);
    expect([state.transport, state.whepFailure]).toEqual(['ll-hls', 'unavailable']);
    expect(await notice()).toMatch(/^This stream has no picture that WebRTC can show\./);
  });

  test('the server has no WebRTC', async () => {
    show = await LiveShow.start({ RTC: 'off' });
    page = await WatchPage.open(browser.context, show.watchUrl);
    const state = await page.until('the refusal', (now) => now.whepFailure !== undefined);
    expect([state.transport, state.whepFailure]).toEqual(['ll-hls', 'not-live']);
    await page.pictures(30, 3_000);
  });
});

describe('the network test page', () => {
  let server: Tallylight;
  /** How the results are coloured. */
  let tones: string[];

  afterEach(async () => {
    await server.stop();
  });

  async function results(context: BrowserContext): Promise<string[]> {
    const page = await context.newPage();
    await page.goto(`${server.url}/network-test`);
    const again = page.getByRole('button', { name: 'Test again' });
    const colour = (): Promise<string> =>
      again.evaluate((button) => getComputedStyle(button).backgroundColor);
    await waitFor('the test', () => again.isDisabled());
    const disabledColour = await colour();
    await waitFor('the results', () => again.isEnabled(), 30_000);
    await waitFor('the button to look enabled', async () => (await colour()) !== disabledColour, 2_000);
    tones = await page
      .locator('.result')
      .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['tone'] ?? ''));
    const words = await page.locator('.result p').allInnerTexts();
    await page.close();
    return words;
  }

  test('finds that UDP reaches the server, that there is no TURN, and what the upload carries', async () => {
    server = await Tallylight.start();
    const [udp, turn, upload] = await results(browser.context);
    expect(udp).toMatch(/^UDP reaches this server, (?:under 1|\d+) ms there and back\. You can go live/);
    expect(turn).toBe('No TURN server is configured. Your network does not need one.');
    // What is not there is neither good nor bad.
    expect(tones).toEqual(['good', 'none', 'good']);
    expect(upload).toMatch(/^Your upload gives (?:about|more than) [\d.]+ Mbps\. That is enough for 1080p60/);
  });

  test('finds that UDP is blocked, and says what to do', async () => {
    server = await Tallylight.start({ env: { PUBLIC_IP: NOWHERE } });
    const [udp, turn] = await results(browser.context);
    expect(udp).toMatch(/^UDP does not reach this server\. Watching works by LL-HLS; to go live, use OBS/);
    expect(turn).toMatch(/configure TURN on the server/);
  });
});
