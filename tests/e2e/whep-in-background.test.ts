import type { PlayerState } from '@tallylight/client/player/player-state.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BareChromium } from '../support/bare-chromium.ts';
import { LiveShow } from '../support/live-show.ts';
import { waitFor } from '../support/wait-for.ts';

/** How long nobody sees the page: past the ten seconds after which Chromium slows hidden pages. */
const HIDDEN_SEC = 12;

/** What the page tells about itself. */
interface Reading {
  readonly visibility: string;
  readonly state: PlayerState;
  readonly mediaSec: number;
  readonly frames: number;
  /** Of the sound that plays just now, 0 to 1. */
  readonly peak: number;
  /** Calls of `requestAnimationFrame` so far. */
  readonly drawn: number;
}

/** Listens to the stream that the page plays, and counts what Chromium does not do for hidden pages. */
const PREPARE = `(async () => {
  const video = document.querySelector('video');
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(video.srcObject).connect(analyser);
  await context.resume();
  const samples = new Float32Array(analyser.fftSize);
  window.peak = () => {
    analyser.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  };
  window.drawn = 0;
  const draw = () => { window.drawn += 1; requestAnimationFrame(draw); };
  draw();
  return true;
})()`;

const READ = `(() => {
  const video = document.querySelector('video');
  return {
    visibility: document.visibilityState,
    state: tallylight.player.store.get(),
    mediaSec: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    peak: window.peak?.() ?? 0,
    drawn: window.drawn,
  };
})()`;

/** Milliseconds until the next picture is shown, and how long ago its last packet had come by then. */
const NEXT_PICTURE = `new Promise((resolve) => {
  const askedMs = performance.now();
  document.querySelector('video').requestVideoFrameCallback((nowMs, { receiveTime }) => {
    resolve({ waitedMs: nowMs - askedMs, ageMs: nowMs - receiveTime });
  });
})`;

let show: LiveShow;
let browser: BareChromium;

beforeAll(async () => {
  show = await LiveShow.start();
  browser = await BareChromium.open();
});

afterAll(async () => {
  await browser.close();
  await show.stop();
});

async function read(): Promise<Reading> {
  return (await browser.run(READ)) as Reading;
}

// Muted, for Chromium slows no hidden page that is heard.
test('a muted viewer in a page that nobody sees goes on by WHEP, and is live when the page is shown', async () => {
  await browser.goTo(show.watchUrl, "localStorage.setItem('tallylight.ultra-low-latency', 'yes')");
  await waitFor('the player', () => browser.run('window.tallylight !== undefined'));
  const byWhep = ({ state }: Reading): boolean => state.transport === 'whep' && state.status === 'playing';
  await waitFor('WHEP', async () => byWhep(await read()), 20_000);
  await browser.run(PREPARE);
  await browser.run('tallylight.player.setMuted(true)');
  await waitFor('sound', async () => (await read()).peak > 0.02);

  await browser.hide();
  const before = await read();
  const hiddenMs = performance.now();
  const silent: Reading[] = [];
  await waitFor(
    'the time in the background',
    async () => {
      const now = await read();
      if (now.peak < 0.02 || now.visibility !== 'hidden' || !byWhep(now)) silent.push(now);
      return performance.now() - hiddenMs > HIDDEN_SEC * 1000;
    },
    (HIDDEN_SEC + 10) * 1000,
    200,
  );
  const after = await read();
  // Nothing is drawn for it. Its timers keep their pace, for Chromium does not slow a page with an open WebRTC connection.
  expect(after.drawn - before.drawn).toBeLessThan(5);
  expect(silent).toEqual([]);
  expect(after.mediaSec - before.mediaSec).toBeGreaterThan(HIDDEN_SEC * 0.95);
  expect(after.frames - before.frames).toBeGreaterThan(HIDDEN_SEC * 30 * 0.9);
  expect(after.state.stallCount).toBe(before.state.stallCount);

  await browser.show();
  const picture = (await browser.run(NEXT_PICTURE)) as { waitedMs: number; ageMs: number };
  const shown = await read();
  expect(picture.waitedMs).toBeLessThan(1_000);
  expect(picture.ageMs).toBeLessThan(1_000);
  expect(byWhep(shown)).toBe(true);
  expect(shown.state.latencyMs).toBeLessThan(1_000);
});
