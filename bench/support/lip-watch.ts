import type { Page } from 'playwright-core';
import { median, seconds } from './report.ts';

interface LipWatch {
  readonly flashesMs: number[];
  readonly beepsMs: number[];
}

/** In a page: when white pictures are shown and when beeps are heard, on the page's clock. Leans on nothing outside itself. */
function watchLips(video: HTMLVideoElement): LipWatch {
  const flashesMs: number[] = [];
  const beepsMs: number[] = [];
  const canvas = new OffscreenCanvas(8, 8);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let wasWhite = true;
  const look = (_: number, { expectedDisplayTime }: VideoFrameCallbackMetadata): void => {
    video.requestVideoFrameCallback(look);
    if (context === null) return;
    // The lower half: above stands the clock.
    context.drawImage(video, 0, video.videoHeight / 2, video.videoWidth, video.videoHeight / 2, 0, 0, 8, 8);
    const isWhite = (context.getImageData(4, 4, 1, 1).data[1] ?? 0) > 180;
    if (isWhite && !wasWhite) flashesMs.push(expectedDisplayTime);
    wasWhite = isWhite;
  };
  video.requestVideoFrameCallback(look);
  const audio = new AudioContext({ latencyHint: 'interactive' });
  void audio.resume();
  const analyser = audio.createAnalyser();
  analyser.fftSize = 256;
  const stream = video.srcObject instanceof MediaStream ? video.srcObject : undefined;
  if (stream !== undefined) audio.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudAtMs = performance.now();
  setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const first = samples.findIndex((sample) => Math.abs(sample) > 0.1);
    if (first < 0) return;
    const nowMs = performance.now();
    // Newest last: the onset lies so far back.
    if (nowMs - loudAtMs > 300) beepsMs.push(nowMs - (1000 * (samples.length - first)) / audio.sampleRate);
    loudAtMs = nowMs;
  }, 4);
  return { flashesMs, beepsMs };
}

/** The page's script: `lips.begin()` watches the playing video element, from now on anew. */
export const lipWatchScript = `window.lips = { begin() {
  if (this.watch !== undefined) {
    this.watch.flashesMs.length = 0;
    this.watch.beepsMs.length = 0;
    return;
  }
  const playing = [...document.querySelectorAll('video')].find((video) => !video.paused && video.srcObject !== null);
  this.watch = (${watchLips.toString()})(playing);
} };`;

/**
 * How much later than its picture sound is heard at a viewer by WebRTC, in milliseconds: the median over some seconds. What the graph of Web
 * Audio adds to it, some 10 ms, is part of it; what the loudspeaker adds is not.
 */
export async function heardOffsetMs(page: Page, forSec: number): Promise<number> {
  await page.evaluate('lips.begin()');
  await seconds(forSec);
  const { flashesMs, beepsMs } = await page.evaluate<LipWatch>('lips.watch');
  const offsets = flashesMs.flatMap((flash) =>
    beepsMs.map((beep) => beep - flash).filter((offset) => Math.abs(offset) < 400),
  );
  if (offsets.length < 3)
    throw new Error(`${flashesMs.length} flashes, ${beepsMs.length} beeps, no pairs of them`);
  return median(offsets);
}
