import { readFileSync } from 'node:fs';
import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import type { StreamQualityMetrics } from '@tallylight/client/broadcast/stream-quality-metrics.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { descendants } from '../support/process-tree.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';
import { openCameraChromium } from './camera-chromium.ts';

/** What the server says about the stream. */
interface HealthBody {
  readonly publishing: boolean;
  readonly startedAtMs: number;
  readonly health: { readonly bitrateBps: number; readonly framesPerSecond: number } | null;
}

/** One server, one browser, one broadcast after the other: from the first click to the end. */
describe('the studio in Chromium', () => {
  let server: Tallylight;
  let browser: Awaited<ReturnType<typeof openCameraChromium>>;
  let page: Page;
  let key: string;
  const errors: string[] = [];

  const state = (): Promise<BroadcastState> =>
    page.evaluate(() => {
      const now = window.tallylightStudio?.client.store.get();
      if (now === undefined) throw new Error('the studio is not there');
      // Devices and streams are no plain objects: only what can be copied leaves the page.
      return { ...now, stream: null, cameras: now.cameras.map((each) => each.toJSON()), microphones: [] };
    });

  const until = (what: string, accepts: (now: BroadcastState) => boolean, timeoutMs = 15_000) =>
    waitFor(
      what,
      async () => {
        const now = await state();
        return accepts(now) && now;
      },
      timeoutMs,
      50,
    );

  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

  const health = async (): Promise<HealthBody | undefined> => {
    const response = await fetch(`${server.url}/api/streams/show/health`);
    return response.ok ? ((await response.json()) as HealthBody) : undefined;
  };

  /** Pictures reach the server, counted anew from now on: two readings that cannot be from before, for a reading is of a second. */
  const arrives = async (framesPerSecond = 15): Promise<void> => {
    const seen = new Set([(await health())?.health?.bitrateBps]);
    await waitFor('pictures to arrive', async () => {
      const now = (await health())?.health;
      seen.add(now?.bitrateBps);
      return seen.size > 2 && (now?.framesPerSecond ?? 0) > framesPerSecond;
    });
  };

  /** Loudest sample of what goes out in a fifth of a second; 0 is silence. */
  const loudness = (): Promise<number> =>
    page.evaluate(async () => {
      const tracks = window.tallylightStudio?.client.stream?.getAudioTracks() ?? [];
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      analyser.fftSize = 8_192;
      context.createMediaStreamSource(new MediaStream(tracks)).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      const untilSec = context.currentTime + 0.2;
      while (context.currentTime < untilSec) await new Promise((resolve) => setTimeout(resolve, 20));
      analyser.getFloatTimeDomainData(samples);
      await context.close();
      return Math.max(...samples.map(Math.abs));
    });

  /** Mean brightness of what goes out, 0 to 255. */
  const brightness = (): Promise<number> =>
    page.evaluate(() => {
      const video = document.querySelector('video');
      const canvas = new OffscreenCanvas(16, 9);
      const drawing = canvas.getContext('2d');
      if (video === null || drawing === null) throw new Error('no picture');
      drawing.drawImage(video, 0, 0, 16, 9);
      const pixels = drawing.getImageData(0, 0, 16, 9).data;
      let sum = 0;
      for (let at = 0; at < pixels.length; at += 4) sum += (pixels[at] ?? 0) + (pixels[at + 1] ?? 0);
      return sum / (pixels.length / 2);
    });

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: 'off' } });
    key = await server.addKey('show');
    browser = await openCameraChromium();
    page = await browser.context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${server.url}/studio`);
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test('asks for nothing before a click, and says why it cannot go live', async () => {
    await expect
      .poll(() => page.locator('#go-live-obstacle').textContent())
      .toBe('Paste your stream key first.');
    expect(await page.locator('.go-live').isDisabled()).toBe(true);
    expect((await state()).status).toBe('idle');
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.fill('#stream-key', 'live_wrong');
    expect(await page.locator('#go-live-obstacle').textContent()).toMatch(/camera/);
  });

  test('a wrong key is told in words, and the preview stays', async () => {
    await press('Turn on camera and microphone');
    await until('the preview', ({ status }) => status === 'preview');
    // The button that was pressed is gone: the keyboard is on the next one.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Go live');
    expect(await health()).toBeUndefined();
    await press('Go live');
    const refused = await until('the refusal', ({ error }) => error !== undefined);
    expect(refused.error?.message).toBe('This stream key is wrong or old. Copy it again.');
    expect(refused.status).toBe('preview');
  });

  test('goes live at the first click, and the viewers can watch', async () => {
    await page.fill('#stream-key', key);
    await press('Go live');
    const live = await until('the broadcast', ({ status }) => status === 'live');
    expect(live.streamId).toBe('show');
    expect(live.watchUrl).toBe(`${server.url}/watch/show`);
    await arrives();
    await waitFor('the playlist', async () => (await fetch(server.playlistUrl('show'))).ok);
    expect(await page.locator('.on-air-bar').isVisible()).toBe(true);
    expect(await page.locator('#stream-key').isVisible()).toBe(false);
  });

  test('reports real figures every five seconds', async () => {
    const reports: StreamQualityMetrics[] = [];
    const first = await until('the first report', ({ metrics }) => metrics !== undefined);
    if (first.metrics !== undefined) reports.push(first.metrics);
    const second = await until('the second report', ({ metrics }) => metrics?.id !== first.metrics?.id);
    if (second.metrics !== undefined) reports.push(second.metrics);
    for (const report of reports) {
      expect(report.resolution).toBe('1280x720');
      expect(report.bitrateKbps).toBeGreaterThan(50);
      expect(report.bitrateKbps).toBeLessThan(3_000);
      expect(report.fps).toBeGreaterThan(10);
      expect(report.fps).toBeLessThan(32);
      expect(report.rttMs).toBeLessThan(1_000);
      expect(report.healthScore).toBeGreaterThan(0);
    }
    const apartMs = Date.parse(reports[1]?.recordedAt ?? '') - Date.parse(reports[0]?.recordedAt ?? '');
    expect(apartMs).toBeGreaterThan(4_500);
    expect(apartMs).toBeLessThan(8_000);
    expect(second.figures?.videoCodec).toBe('H264');
  });

  test('a narrow page has no sideways scroll, and End is in reach', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    expect(await page.getByRole('button', { name: 'End', exact: true }).isVisible()).toBe(true);
    const box = await page.getByRole('button', { name: 'End', exact: true }).boundingBox();
    expect(box?.y).toBeGreaterThanOrEqual(0);
    expect(box?.y).toBeLessThan(600);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('another camera, another microphone and another quality are the same stream', async () => {
    const before = await health();
    const { cameras, cameraId } = await state();
    const other = cameras[2];
    expect(other?.deviceId).not.toBe(cameraId);
    await page.getByLabel('Camera', { exact: true }).selectOption(other?.deviceId ?? '');
    await until('the other camera', (now) => now.cameraId === other?.deviceId);
    await page.getByLabel('Microphone', { exact: true }).selectOption({ index: 1 });
    await until('the other microphone', ({ microphoneLabel }) => microphoneLabel === 'Fake Audio Input 1');
    await page.getByLabel('Quality').selectOption('360p');
    await until('the other size', ({ figures }) => figures?.height === 360, 20_000);
    await arrives();
    expect((await state()).error).toBeUndefined();
    expect((await health())?.startedAtMs).toBe(before?.startedAtMs);
  });

  test('a camera and a microphone that are off leave a stream that goes on in black and silence', async () => {
    await press('Camera off');
    await press('Mute');
    await waitFor('black', async () => (await brightness()) < 5);
    await arrives();
    await waitFor('silence', async () => (await loudness()) === 0);
    expect((await state()).figures?.audioBitrateBps).toBeGreaterThan(0);
    expect(await page.locator('.status').textContent()).toBe(
      'You are live in black and without sound: your camera is off, and your microphone is muted.',
    );
    expect(await page.getByText('Muted', { exact: true }).isVisible()).toBe(true);
    await press('Unmute');
    await waitFor('the sound', async () => (await loudness()) > 0.001);
    await press('Camera on');
    await waitFor('the picture', async () => (await brightness()) > 20);
  });

  test('a camera that is off leaves a shared screen to be seen', async () => {
    await press('Camera off');
    await waitFor('black', async () => (await brightness()) < 5);
    await press('Share screen');
    await until('the screen', ({ picture }) => picture === 'screen');
    await waitFor('the screen to be seen', async () => (await brightness()) > 20);
    await press('Stop sharing');
    await waitFor('black again', async () => (await brightness()) < 5);
    await press('Camera on');
    await waitFor('the picture', async () => (await brightness()) > 20);
  });

  test('a camera that is pulled out leaves black, and comes back when it is plugged in', async () => {
    await page.evaluate(() => {
      const track = window.tallylightStudio?.client.stream?.getVideoTracks()[0];
      track?.stop();
      // `stop` fires no event: this is what the browser does when the device goes.
      track?.dispatchEvent(new Event('ended'));
    });
    // The fake camera is still plugged in: the next look at the devices finds it.
    await until('the camera', ({ picture, error }) => picture === 'camera' && error === undefined);
    await arrives();
  });

  test('the screen, the screen with the camera in its corner, and the camera again', async () => {
    await press('Share screen');
    await until('the screen', ({ picture }) => picture === 'screen');
    await arrives(3);
    await press('Camera in the corner');
    await until('both pictures', ({ picture }) => picture === 'camera+screen');
    await arrives();
    await press('Stop sharing');
    await until('the camera', ({ picture }) => picture === 'camera');
    await arrives();
  });

  test('a killed WebRTC worker is back within five seconds: same stream, same address', async () => {
    const before = await health();
    const worker = descendants(server.pid).find(({ pid }) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('rtc-worker'),
    );
    if (worker === undefined) throw new Error('the server has no WebRTC worker');
    const killedMs = performance.now();
    process.kill(worker.pid, 'SIGKILL');
    await until('the loss to be seen', ({ status }) => status === 'reconnecting', 5_000);
    expect(await page.locator('.status').textContent()).toBe('Connection lost. Reconnecting.');
    expect((await state()).reconnecting?.untilMs).toBeDefined();
    await until('the broadcast', ({ status }) => status === 'live', 5_000);
    expect(performance.now() - killedMs).toBeLessThan(5_000);
    await arrives();
    expect((await health())?.startedAtMs).toBe(before?.startedAtMs);
    expect((await state()).watchUrl).toBe(`${server.url}/watch/show`);
  });

  test('the end is asked for, and then it is the end', async () => {
    await press('End');
    await expect
      .poll(() => page.locator('dialog p').textContent())
      .toMatch(/^End the stream for \d+ viewers\?/);
    await press('Keep streaming');
    expect((await state()).status).toBe('live');
    await press('End');
    await press('End stream');
    await until('the end', ({ status }) => status === 'ended');
    await waitFor('the stream to be gone', async () => {
      const { streams } = (await (await fetch(`${server.url}/api/live`)).json()) as { streams: unknown[] };
      return streams.length === 0;
    });
    expect(await page.locator('.status').textContent()).toMatch(/^This stream has ended\. It lasted \d/);
    expect(await page.evaluate(() => document.querySelector('video')?.srcObject ?? null)).toBeNull();
  });

  test('nothing was thrown on the way', () => {
    expect(errors).toEqual([]);
  });
});
