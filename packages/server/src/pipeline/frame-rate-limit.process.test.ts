import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseMultivariantPlaylist } from '@tallylight/hls/parse-multivariant-playlist.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReaders } from '../../../../tests/support/ll-reader.ts';
import { aacClicks } from '../transcode/audio/testing/clicks.ts';
import { encodeClip } from '../transcode/testing/encoded-clip.ts';
import { type ClipEvent, clipEvents, playLive } from './testing/live-clip.ts';
import { PipelineServer } from './testing/pipeline-server.ts';
import { renditionFile } from './testing/rendition-file.ts';

const START_MS = 50_000;
const STEPS = [
  { shortSide: 360, bitrateBps: 500_000 },
  { shortSide: 240, bitrateBps: 150_000 },
];

let server: PipelineServer;
beforeAll(async () => {
  server = await PipelineServer.start({ steps: STEPS });
});
afterAll(() => server.close());

/** A broadcast of 360p, a keyframe each second, without B-frames. */
async function broadcast(rate: number, seconds = 6): Promise<readonly ClipEvent[]> {
  const flags = ['-tune', 'zerolatency', '-bf', '0', '-g', String(rate)];
  const video = await encodeClip({ size: '640x360', rate, seconds, startMs: START_MS, flags });
  return clipEvents([video, await aacClicks({ seconds, clicksMs: [], startMs: START_MS, rate: 48_000 })]);
}

/** Renditions of the multivariant playlist and their FRAME-RATE. */
async function listed(streamId: string): Promise<Record<string, number | undefined>> {
  const { variants } = parseMultivariantPlaylist(await (await fetch(server.url(streamId))).text());
  return Object.fromEntries(variants.map(({ uri, frameRate }) => [uri.split('/')[0], frameRate]));
}

/** Pictures a second that a rendition really has, from ffprobe. */
async function measured(streamId: string, rendition: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'tallylight-rate-'));
  try {
    const file = join(directory, 'rendition.mp4');
    await writeFile(file, renditionFile(server.sessions.presentation(streamId), rendition));
    const ask = ['-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', ...ask, file]);
    const times = stdout.trim().split('\n').map(Number.parseFloat);
    return (times.length - 1) / ((times.at(-1) ?? 0) - (times[0] ?? 0));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Publishes and watches all renditions; returns what the multivariant playlist listed. */
async function show(
  streamId: string,
  rate: number,
  maxFrameRate: number,
): Promise<Record<string, number | undefined>> {
  const sink = server.publish(streamId, { maxFrameRate });
  const playing = playLive(sink, await broadcast(rate));
  const readers = await openReaders(server.url(streamId), { atLeast: 3 });
  await Promise.all(readers.map((reader) => reader.follow(3.5)));
  const renditions = await listed(streamId);
  await playing;
  sink.end('unpublished');
  for (const { id, holes, problems } of readers)
    expect({ id, holes, problems }).toEqual({ id, holes: [], problems: [] });
  return renditions;
}

describe('a stream’s limit of pictures a second', () => {
  test('60 fps within a limit of 30: the source is left out, all renditions have every second picture', async () => {
    expect(await show('halved', 60, 30)).toEqual({ source: 30, '240p': 30 });
    expect(await measured('halved', 'source')).toBeCloseTo(30, 0);
    expect(await measured('halved', '240p')).toBeCloseTo(30, 0);
    expect(server.sessions.live('halved')?.presentation?.videoIds()).toEqual(['source', '240p']);
  });

  test('60 fps within a limit of 60: the source is passed through', async () => {
    expect(await show('passed', 60, 60)).toEqual({ source: 60, '240p': 30 });
    expect(await measured('passed', 'source')).toBeCloseTo(60, 0);
    expect(await measured('passed', '240p')).toBeCloseTo(30, 0);
  });

  test('30 fps within a limit of 10: every third picture', async () => {
    expect(await show('third', 30, 10)).toEqual({ source: 10, '240p': 10 });
    expect(await measured('third', 'source')).toBeCloseTo(10, 0);
    expect(await measured('third', '240p')).toBeCloseTo(10, 0);
  });
});

describe('what its broadcaster is told', () => {
  const codes = (streamId: string): readonly string[] =>
    (server.sessions.live(streamId)?.figures().warnings ?? []).map(({ code }) => code);

  test('a source above its stream’s size and rate is told so, with what happens to it, for as long as it publishes', async () => {
    const sink = server.publish('above', { maxShortSide: 240, maxFrameRate: 30, maxBitrateBps: 6_000_000 });
    const playing = playLive(sink, await broadcast(60, 3));
    await openReaders(server.url('above'), { atLeast: 2 });
    expect(codes('above')).toEqual(['source-above-resolution', 'source-above-frame-rate']);
    // The same where the studio and the pages ask, though RTMP tells nothing of its connection.
    const status = server.sessions.status('above');
    expect(status?.health?.warnings.map(({ message }) => message)).toEqual([
      "Your picture is 640×360, this stream's limit is 240p: this server scales it down, which costs it an encoder and the picture some quality. Set your encoder to 240p, or raise the stream's resolution.",
      "You send 60 pictures a second, this stream's limit is 30: viewers get fewer. Set your encoder to 30 fps, or raise the stream's fps.",
    ]);
    expect(status?.limits).toEqual({ maxShortSide: 240, maxFrameRate: 30, maxBitrateBps: 6_000_000 });
    await playing;
    sink.end('unpublished');
    expect(codes('above')).toEqual([]);
  });

  test('a source within its limits is told nothing', async () => {
    const sink = server.publish('fine', { maxShortSide: 360, maxFrameRate: 30, maxBitrateBps: 6_000_000 });
    await playLive(sink, await broadcast(30, 2));
    expect(codes('fine')).toEqual([]);
    expect(server.sessions.status('fine')?.health).toBeUndefined();
    sink.end('unpublished');
  });
});
