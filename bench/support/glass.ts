import { readClock } from '@tallylight/server/test-card/clock-strip.ts';
import type { Page } from 'playwright-core';

/** What a page saw of one video element since `begin`. */
export interface GlassReading {
  /** Milliseconds from the moment that the clock was drawn to the moment that the picture is shown. */
  readonly latenciesMs: readonly number[];
  /** Width of the picture of each latency: tells the rendition. */
  readonly widths: readonly number[];
  /** Pictures whose clock could not be read. */
  readonly illegible: number;
  /** How often the element fired `waiting`: it had nothing to play. */
  readonly stalls: number;
  /** Longest time between two pictures, or since the last one, in milliseconds. */
  readonly longestFreezeMs: number;
  /** How often one picture stood for more than half a second, the last one too. */
  readonly freezes: number;
  /** Pictures that were decoded and not shown. */
  readonly dropped: number;
  readonly shown: number;
}

interface Glass {
  begin(): void;
  read(): GlassReading;
}

/** In a page: starts to read the clock of each third picture of a video element. Leans on nothing outside itself. */
function watchGlass(video: HTMLVideoElement, read: typeof readClock): Glass {
  const every = 3;
  const canvas = new OffscreenCanvas(64, 8);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let latenciesMs: number[] = [];
  let widths: number[] = [];
  const freezeMs = 500;
  let [illegible, stalls, shown, freezes, longestFreezeMs, lastMs, droppedBefore] = [0, 0, 0, 0, 0, 0, 0];
  const stood = (untilMs: number): { longest: number; freezes: number } => {
    const ms = lastMs > 0 ? untilMs - lastMs : 0;
    return { longest: Math.max(longestFreezeMs, ms), freezes: freezes + (ms > freezeMs ? 1 : 0) };
  };
  video.addEventListener('waiting', () => (stalls += 1));
  const take = (nowMs: number, { expectedDisplayTime }: VideoFrameCallbackMetadata): void => {
    video.requestVideoFrameCallback(take);
    // The page's own clocks, so that only their difference counts; the compositor needs a little longer.
    const shownMs = Date.now() + Math.max(0, expectedDisplayTime - performance.now());
    ({ longest: longestFreezeMs, freezes } = stood(nowMs));
    lastMs = nowMs;
    shown += 1;
    const width = video.videoWidth;
    if (shown % every !== 0 || context === null || width === 0) return;
    const height = Math.ceil(width / 64);
    if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
    context.drawImage(video, 0, 0, width, height, 0, 0, width, height);
    const drawnMs = read({
      data: context.getImageData(0, 0, width, height).data,
      width,
      height,
      channels: 4,
    });
    if (drawnMs === undefined) illegible += 1;
    else {
      latenciesMs.push(shownMs - drawnMs);
      widths.push(width);
    }
  };
  video.requestVideoFrameCallback(take);
  return {
    begin() {
      latenciesMs = [];
      widths = [];
      [illegible, stalls, shown, freezes, longestFreezeMs] = [0, 0, 0, 0, 0];
      lastMs = performance.now();
      droppedBefore = video.getVideoPlaybackQuality().droppedVideoFrames;
    },
    read: () => ({
      latenciesMs,
      widths,
      illegible,
      stalls,
      longestFreezeMs: stood(performance.now()).longest,
      freezes: stood(performance.now()).freezes,
      dropped: video.getVideoPlaybackQuality().droppedVideoFrames - droppedBefore,
      shown,
    }),
  };
}

/** The page's script, to be run before its own: `glass.all` has a reading for each video element there is when `glass.open` is called. */
export const glassScript = `window.glass = { all: [], open() {
  this.all = [...document.querySelectorAll('video')].map((video) => (${watchGlass.toString()})(video, ${readClock.toString()}));
} };`;

/** Waits until every video of the page plays, lets them settle, and reads their clocks for a while. */
export async function readGlass(
  page: Page,
  times: { readonly settleSec: number; readonly measureSec: number; readonly onBegin?: () => Promise<void> },
): Promise<readonly GlassReading[]> {
  await page.waitForFunction(
    () => {
      const videos = [...document.querySelectorAll('video')];
      return videos.length > 0 && videos.every((video) => video.currentTime > 0 && video.videoWidth > 0);
    },
    undefined,
    { timeout: 30_000 },
  );
  await page.evaluate('glass.open()');
  await page.waitForTimeout(1000 * times.settleSec);
  await times.onBegin?.();
  await page.evaluate('glass.all.forEach((each) => each.begin())');
  await page.waitForTimeout(1000 * times.measureSec);
  return page.evaluate('glass.all.map((each) => each.read())');
}
