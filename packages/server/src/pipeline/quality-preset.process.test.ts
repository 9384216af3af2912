import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseMultivariantPlaylist } from '@tallylight/hls/parse-multivariant-playlist.ts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openReaders } from '../../../../tests/support/ll-reader.ts';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { FakeGateway } from '../rtc-worker/testing/fake-gateway.ts';
import { aacClicks } from '../transcode/audio/testing/clicks.ts';
import { encodeClip } from '../transcode/testing/encoded-clip.ts';
import { type ClipEvent, clipEvents, playLive } from './testing/live-clip.ts';
import { PipelineServer } from './testing/pipeline-server.ts';
import { renditionFile } from './testing/rendition-file.ts';
import { WebRtcFeeds } from './webrtc-feed.ts';

const START_MS = 50_000;
const STEPS = [
  { shortSide: 720, bitrateBps: 1_500_000 },
  { shortSide: 480, bitrateBps: 500_000 },
  { shortSide: 240, bitrateBps: 150_000 },
];

let server: PipelineServer;
beforeAll(async () => {
  server = await PipelineServer.start({ steps: STEPS });
});
afterAll(() => server.close());

/** A 720p broadcast, without B-frames. */
async function broadcast(seconds: number, gop = 30): Promise<readonly ClipEvent[]> {
  const flags = ['-tune', 'zerolatency', '-bf', '0', '-g', String(gop)];
  const video = await encodeClip({ size: '1280x720', seconds, startMs: START_MS, flags });
  return clipEvents([video, await aacClicks({ seconds, clicksMs: [], startMs: START_MS, rate: 48_000 })]);
}

/** What the multivariant playlist lists: renditions and their sizes. */
async function listed(streamId: string): Promise<Record<string, string>> {
  const answer = await fetch(server.url(streamId));
  if (!answer.ok) return {};
  const { variants } = parseMultivariantPlaylist(await answer.text());
  return Object.fromEntries(
    variants.map(({ uri, resolution }) => [
      uri.split('/')[0],
      `${resolution?.width ?? 0}x${resolution?.height ?? 0}`,
    ]),
  );
}

/** Sizes of all pictures that a rendition of one publisher has. */
async function sizes(streamId: string, rendition: string): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'tallylight-preset-'));
  try {
    const file = join(directory, 'rendition.mp4');
    await writeFile(file, renditionFile(server.sessions.presentation(streamId), rendition));
    const ask = ['-select_streams', 'v', '-show_entries', 'frame=width,height', '-of', 'csv=p=0:s=x'];
    const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', ...ask, file]);
    return [...new Set(stdout.match(/^\d+x\d+/gm))];
  } finally {
    await rm(directory, { recursive: true });
  }
}

function openFeeds(): { feeds: WebRtcFeeds; gateway: FakeGateway } {
  const gateway = new FakeGateway();
  const feeds = new WebRtcFeeds({
    ...{ gateway, sessions: server.sessions, audio: undefined, clock: systemClock, log: silentLogger },
  });
  onTestFinished(() => feeds.close());
  return { feeds, gateway };
}

describe('a stream’s quality preset', () => {
  test('480p of a 720p source: nothing above 480 is listed, packaged or sent by WebRTC', async () => {
    const { feeds, gateway } = openFeeds();
    const sink = server.publish('capped', { maxShortSide: 480 });
    const playing = playLive(sink, await broadcast(7));
    await waitFor('it is live', () => server.sessions.live('capped')?.stream.video !== undefined);
    const lease = feeds.open('capped');
    if (typeof lease !== 'object') throw new Error(lease);
    lease.settle(true);
    const readers = await openReaders(server.url('capped'), { atLeast: 3 });
    await Promise.all(readers.map((reader) => reader.follow(4)));
    expect(await listed('capped')).toEqual({ source: '854x480', '240p': '426x240' });
    await playing;
    sink.end('unpublished');
    expect(await sizes('capped', 'source')).toEqual(['854x480']);
    for (const { id, holes, problems } of readers) {
      expect({ id, holes, problems }).toEqual({ id, holes: [], problems: [] });
    }
    expect([...(gateway.feeds[0]?.videos.keys() ?? [])]).toEqual(['480p', '240p']);
    expect(gateway.feeds[0]?.units.length).toBeGreaterThan(60);
  });

  test('a source within its preset is passed through', async () => {
    const sink = server.publish('within', { maxShortSide: 720 });
    const playing = playLive(sink, await broadcast(4));
    await openReaders(server.url('within'), { atLeast: 4 });
    expect(await listed('within')).toEqual({ source: '1280x720', '480p': '854x480', '240p': '426x240' });
    await playing;
    sink.end('unpublished');
  });

  test('holds for the next publisher when it was changed in between', async () => {
    const events = await broadcast(4);
    const source = async (): Promise<string | undefined> => (await listed('changed'))['source'];
    const first = server.publish('changed');
    await playLive(first, events);
    first.end('connection-lost');
    expect(await source()).toBe('1280x720');
    const second = server.publish('changed', { maxShortSide: 480 });
    await playLive(second, [...events]);
    expect(await source()).toBe('854x480');
    second.end('connection-lost');
    const third = server.publish('changed');
    await playLive(third, [...events]);
    expect(await source()).toBe('1280x720');
    third.end('unpublished');
  });

  test('holds for a publisher whose keyframes are too far apart', async () => {
    const sink = server.publish('long-gop', { maxShortSide: 480 });
    const playing = playLive(sink, await broadcast(9, 600));
    const readers = await openReaders(server.url('long-gop'), { atLeast: 3 });
    await Promise.all(readers.map((reader) => reader.follow(6)));
    expect(await listed('long-gop')).toEqual({ source: '854x480', '240p': '426x240' });
    await playing;
    sink.end('unpublished');
    expect(await sizes('long-gop', 'source')).toEqual(['854x480']);
  });

  test('without an encoder that works the source is shown as it is, with a warning', async () => {
    const missing = vi.spyOn(server.ffmpeg, 'installation').mockRejectedValue(new Error('no FFmpeg'));
    onTestFinished(() => missing.mockRestore());
    const sink = server.publish('no-encoder', { maxShortSide: 480 });
    const playing = playLive(sink, await broadcast(4));
    await openReaders(server.url('no-encoder'), { atLeast: 2 });
    expect(await listed('no-encoder')).toEqual({ source: '1280x720' });
    await playing;
    sink.end('unpublished');
    const warnings = server.log.filter(({ level, fields }) => {
      return level === 'warn' && (fields as { streamId?: string }).streamId === 'no-encoder';
    });
    expect(warnings.map(({ event }) => event)).toEqual([
      'viewers get the source only: there is no working FFmpeg',
    ]);
  });
});
