import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { makeClip } from '../support/clip.ts';
import { openReaders } from '../support/ll-reader.ts';
import { FfmpegPublisher } from '../support/publisher.ts';
import { Tallylight } from '../support/tallylight.ts';

const SHAKA = join(import.meta.dirname, '../../node_modules/shaka-player/dist/shaka-player.compiled.js');
const WITH_RUNG = 3;

let server: Tallylight;
let publisher: FfmpegPublisher;
let url: string;

beforeAll(async () => {
  server = await Tallylight.start({ env: { LADDER: '144p:100k', CPU_BUDGET_CORES: '8' } });
  const key = await server.addKey('readers');
  publisher = FfmpegPublisher.start([
    ...['-v', 'warning', '-re', '-i', await makeClip({ seconds: 120 })],
    ...['-c', 'copy', '-f', 'flv', `${server.rtmpUrl}/${key}`],
  ]);
  url = server.playlistUrl('readers');
  const [source] = await openReaders(url, { atLeast: WITH_RUNG });
  // FFmpeg and GStreamer begin three segments before the end.
  await source?.follow(7);
});

afterAll(async () => {
  await publisher.stop();
  await server.stop();
});

describe('foreign publishers', () => {
  test.concurrent('GStreamer (flvmux, rtmp2sink) publishes, and its stream is without fault', async ({
    expect,
  }) => {
    const key = await server.addKey('gstreamer');
    const video = [
      ...[
        'videotestsrc',
        'is-live=true',
        'pattern=ball',
        '!',
        'video/x-raw,width=320,height=180,framerate=30/1',
        '!',
      ],
      ...['x264enc', 'tune=zerolatency', 'speed-preset=ultrafast', 'key-int-max=60', 'bitrate=400', '!'],
      ...['video/x-h264,profile=main', '!', 'h264parse', '!', 'queue', '!', 'mux.'],
    ];
    const audio = [
      ...['audiotestsrc', 'is-live=true', '!', 'audio/x-raw,rate=48000,channels=2', '!'],
      ...['avenc_aac', 'bitrate=96000', '!', 'aacparse', '!', 'queue', '!', 'mux.'],
    ];
    const sink = [
      'flvmux',
      'name=mux',
      'streamable=true',
      '!',
      'rtmp2sink',
      `location=${server.rtmpUrl}/${key}`,
    ];
    const gstreamer = run('gst-launch-1.0', ['-q', ...sink, ...video, ...audio], 60_000);
    try {
      const readers = await openReaders(server.playlistUrl('gstreamer'), { atLeast: WITH_RUNG });
      await Promise.all(readers.map((reader) => reader.follow(7)));
      for (const reader of readers) {
        expect(reader.problems).toEqual([]);
        expect(reader.holes).toEqual([]);
        expect(reader.wrongDurations).toEqual([]);
        expect(reader.dependentSegments).toEqual([]);
        expect(reader.playBack(0.5)).toEqual({ stalls: 0, stalledMs: 0 });
      }
    } finally {
      gstreamer.child.kill('SIGINT');
      await gstreamer.ended;
    }
  });
});

describe('foreign readers', () => {
  test.concurrent('FFmpeg plays the stream in real time', async ({ expect }) => {
    const sixSeconds = ['-re', '-i', url, '-t', '6', '-map', '0:v:0', '-map', '0:a:0', '-f', 'null', '-'];
    const { code, output } = await run('ffmpeg', ['-hide_banner', '-nostdin', ...sixSeconds], 40_000).ended;
    expect(code).toBe(0);
    const frames = Number([...output.matchAll(/frame=\s*(\d+)/g)].at(-1)?.[1]);
    expect(Math.abs(frames - 180)).toBeLessThanOrEqual(6);
    expect(output).not.toMatch(/Invalid data|corrupt|non[- ]monoton|error while decoding|HTTP error 5/i);
  });

  test.concurrent('GStreamer (playbin3, hlsdemux2) plays the stream', async ({ expect }) => {
    const sinks = [
      'video-sink=fakesink sync=true num-buffers=150',
      'audio-sink=fakesink sync=true num-buffers=200',
    ];
    const { code, output } = await run('gst-launch-1.0', ['-q', 'playbin3', `uri=${url}`, ...sinks], 40_000)
      .ended;
    expect(output).not.toMatch(/ERROR/);
    expect(code).toBe(0);
  });

  test.concurrent('Shaka Player plays the stream at low latency in Chromium', async ({ expect }) => {
    const { context, close } = await openChromium();
    try {
      const page = await context.newPage();
      await page.setContent('<video muted autoplay></video>');
      await page.addScriptTag({ path: SHAKA });
      const state = await page.evaluate(playWithShaka, url);
      expect(state.errors).toEqual([]);
      // It follows the edge at PART-HOLD-BACK and has little buffer then: what counts is that it keeps going.
      expect(state.playedSec).toBeGreaterThan(6);
      expect(state.behindSec).toBeLessThan(4);
      expect(state.isLowLatency).toBe(true);
    } finally {
      await close();
    }
  });
});

/** What the page saw of Shaka Player. */
interface ShakaState {
  readonly playedSec: number;
  readonly behindSec: number;
  readonly isLowLatency: boolean;
  readonly errors: readonly string[];
}

/** What we use of Shaka Player in the page. */
interface ShakaPlayer {
  attach(video: HTMLVideoElement): Promise<void>;
  configure(options: object): void;
  load(url: string): Promise<void>;
  seekRange(): { end: number };
  getConfiguration(): { streaming: { lowLatencyMode: boolean } };
  addEventListener(type: 'error', listener: (event: { detail?: { code?: number } }) => void): void;
}

/** Runs in the page: plays for eight seconds after the first picture. */
async function playWithShaka(url: string): Promise<ShakaState> {
  const { shaka } = globalThis as unknown as {
    shaka: { polyfill: { installAll(): void }; Player: new () => ShakaPlayer };
  };
  shaka.polyfill.installAll();
  const video = document.querySelector('video');
  if (video === null) throw new Error('no video element');
  const player = new shaka.Player();
  const errors: string[] = [];
  player.addEventListener('error', ({ detail }) => errors.push(`shaka error ${detail?.code}`));
  await player.attach(video);
  await player.load(url);
  const started = new Promise((resolve) => video.addEventListener('timeupdate', resolve, { once: true }));
  await video.play();
  await started;
  const fromSec = video.currentTime;
  await new Promise((resolve) => setTimeout(resolve, 8000));
  return {
    playedSec: video.currentTime - fromSec,
    behindSec: player.seekRange().end - video.currentTime,
    isLowLatency: player.getConfiguration().streaming.lowLatencyMode,
    errors,
  };
}

/** Runs a program and keeps what it prints; kills it when it takes too long. */
function run(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
} {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (bytes: Buffer): void => {
    output = (output + bytes.toString()).slice(-50_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<{ readonly code: number | null; readonly output: string }>((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
  return { child, ended };
}
