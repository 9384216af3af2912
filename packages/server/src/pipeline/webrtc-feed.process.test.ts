import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { type FakeFeed, FakeGateway } from '../rtc-worker/testing/fake-gateway.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import { encodedTrack } from '../transcode/audio/encoded-tracks.ts';
import { aacClicks, findClicks, opusClicks } from '../transcode/audio/testing/clicks.ts';
import { encodeClip } from '../transcode/testing/encoded-clip.ts';
import { encodeVp8Clip } from '../transcode/testing/vp8-clip.ts';
import { clipEvents, playLive } from './testing/live-clip.ts';
import { PipelineServer } from './testing/pipeline-server.ts';
import { WebRtcFeeds } from './webrtc-feed.ts';

const START_MS = 50_000;
const NO_B_FRAMES = ['-tune', 'zerolatency', '-bf', '0', '-g', '30'];
/** Stream time of a publisher's first unit. */
const STREAM_MS = 10_000;

let server: PipelineServer;
beforeAll(async () => {
  server = await PipelineServer.start({
    steps: [
      { shortSide: 360, bitrateBps: 400_000 },
      { shortSide: 180, bitrateBps: 150_000 },
    ],
  });
});
afterAll(() => server.close());

function openFeeds(lingerMs = 10_000): { feeds: WebRtcFeeds; gateway: FakeGateway } {
  const gateway = new FakeGateway();
  const feeds = new WebRtcFeeds({
    gateway,
    sessions: server.sessions,
    audio: { ffmpeg: server.ffmpeg, children: server.children, clock: systemClock },
    clock: systemClock,
    log: silentLogger,
    lingerMs,
  });
  onTestFinished(() => feeds.close());
  return { feeds, gateway };
}

/** Asks for a stream's feed until there is one. */
async function opened(feeds: WebRtcFeeds, gateway: FakeGateway, streamId: string): Promise<FakeFeed> {
  const lease = await waitFor(`a feed of ${streamId}`, () => {
    const found = feeds.open(streamId);
    return typeof found === 'object' ? found : undefined;
  });
  lease.settle(true);
  const feed = gateway.feeds.at(-1);
  if (feed === undefined) throw new Error('no feed was opened');
  return feed;
}

function unitsOf(feed: FakeFeed, id: string): readonly AccessUnit[] {
  return feed.units.filter((entry) => entry.id === id).map(({ unit }) => unit);
}

function ptsOf(units: readonly AccessUnit[]): readonly number[] {
  return units.map(({ pts }) => pts);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the WebRTC feed of a stream', () => {
  test('an RTMP stream without B-frames is passed on from its last keyframe, its AAC as Opus, and its rungs beside it', async () => {
    const { feeds, gateway } = openFeeds();
    const clicksMs = [1207, 2213, 3221];
    const video = await encodeClip({ size: '640x360', seconds: 5, startMs: START_MS, flags: NO_B_FRAMES });
    const audio = await aacClicks({ seconds: 5, clicksMs, startMs: START_MS, rate: 44_100 });
    expect([feeds.status('rtmp'), feeds.open('rtmp')]).toEqual(['not-live', 'not-live']);
    const sink = server.publish('rtmp');
    const playing = playLive(sink, clipEvents([video, audio]));
    await waitFor('the stream is live', () => server.sessions.live('rtmp')?.stream.audio !== undefined);
    const feed = await opened(feeds, gateway, 'rtmp');
    feed.viewers = 1;
    feed.listener.onViewers(1);
    expect(feed.audio).toMatchObject({ codec: 'opus', samplesPerFrame: 960, channels: 2 });
    await playing;
    await waitFor(
      'the sound has come out',
      () => (unitsOf(feed, 'audio').at(-1)?.pts ?? 0) > STREAM_MS + 4700,
    );
    sink.end('unpublished');

    expect([...feed.videos.keys()]).toEqual(['source', '180p']);
    for (const id of ['source', '180p']) {
      const units = unitsOf(feed, id);
      expect(units[0]?.keyframe, id).toBe(true);
      // Not one picture is missing, and each has the source's time.
      const from = units[0]?.pts ?? 0;
      const expected = video.units.map(({ pts }) => pts - START_MS + STREAM_MS).filter((pts) => pts >= from);
      expect(ptsOf(units), id).toEqual(expected.slice(0, units.length));
      expect(units.length, id).toBeGreaterThan(expected.length - 5);
    }
    const heard = await findClicks(encodedTrack('opus'), unitsOf(feed, 'audio'));
    expect(heard).toHaveLength(3);
    for (const [index, clickMs] of clicksMs.entries())
      expect(Math.abs((heard[index] ?? 0) - STREAM_MS - clickMs), String(heard)).toBeLessThan(5);
  });

  test('Opus is passed on as it comes, and a VP8 source as its rungs', async () => {
    const { feeds, gateway } = openFeeds();
    const video = await encodeVp8Clip({ size: '640x360', seconds: 4, startMs: START_MS, gop: 30 });
    const audio = await opusClicks({ seconds: 4, clicksMs: [], startMs: START_MS });
    const sink = server.publish('vp8');
    const playing = playLive(sink, clipEvents([video, audio]));
    await waitFor('the stream is live', () => server.sessions.live('vp8')?.stream.audio !== undefined);
    const feed = await opened(feeds, gateway, 'vp8');
    await playing;
    sink.end('unpublished');
    expect([...feed.videos.keys()]).toEqual(['360p', '180p']);
    expect(feed.videos.get('360p')).toMatchObject({ codec: 'h264', width: 640, height: 360 });
    expect(feed.audio).toBe(audio.track);
    expect(unitsOf(feed, 'audio').length).toBeGreaterThan(180);
    for (const id of ['360p', '180p']) {
      expect(unitsOf(feed, id)[0]?.keyframe, id).toBe(true);
      expect(unitsOf(feed, id).length, id).toBeGreaterThan(100);
    }
    expect(unitsOf(feed, 'source')).toEqual([]);
  });

  test('a publisher with B-frames is watched by its rungs only', async () => {
    const { feeds, gateway } = openFeeds();
    const video = await encodeClip({ size: '640x360', seconds: 4, startMs: START_MS, flags: ['-bf', '2'] });
    const sink = server.publish('b-frames');
    const playing = playLive(sink, clipEvents([video]));
    await waitFor('it is live', () => server.sessions.live('b-frames')?.presentation !== undefined);
    const feed = await opened(feeds, gateway, 'b-frames');
    await playing;
    sink.end('unpublished');
    expect([...feed.videos.keys()]).toEqual(['180p']);
    expect(unitsOf(feed, 'source')).toEqual([]);
    expect(unitsOf(feed, '180p').every(({ pts, dts }) => pts === dts)).toBe(true);
  });

  test('one with B-frames and too small for rungs cannot be watched', async () => {
    const { feeds } = openFeeds();
    const video = await encodeClip({ size: '320x180', seconds: 2, startMs: START_MS, flags: ['-bf', '2'] });
    const sink = server.publish('unavailable');
    const playing = playLive(sink, clipEvents([video]));
    await playing;
    expect([feeds.status('unavailable'), feeds.open('unavailable')]).toEqual(['unavailable', 'unavailable']);
    sink.end('unpublished');
  });

  test('a publisher that comes back goes on in the same feed, on the same clock', async () => {
    const { feeds, gateway } = openFeeds();
    const video = await encodeClip({ size: '320x180', seconds: 2, startMs: START_MS, flags: NO_B_FRAMES });
    const audio = await aacClicks({ seconds: 2, clicksMs: [], startMs: START_MS, rate: 48_000 });
    const events = clipEvents([video, audio]);
    const first = server.publish('again');
    const playing = playLive(first, events);
    await waitFor('the stream is live', () => server.sessions.live('again')?.stream.audio !== undefined);
    const feed = await opened(feeds, gateway, 'again');
    await playing;
    first.end('connection-lost');
    const before = feed.units.length;
    const second = server.publish('again');
    await playLive(second, events);
    expect(gateway.feeds).toHaveLength(1);
    expect(feed.closed).toBe(false);
    expect(feed.units.length).toBeGreaterThan(before + 100);
    for (const id of ['source', 'audio']) {
      const pts = ptsOf(unitsOf(feed, id));
      expect(
        pts.every((ms, index) => index === 0 || ms > (pts[index - 1] ?? ms)),
        id,
      ).toBe(true);
    }
    second.end('unpublished');
    server.sessions.endStream('again');
    expect(feed.closed).toBe(true);
    expect(feeds.dump()).toEqual([]);
  });

  test('goes when nobody watches, and the sound’s encoder with it', async () => {
    const { feeds, gateway } = openFeeds(300);
    const video = await encodeClip({ size: '320x180', seconds: 4, startMs: START_MS, flags: NO_B_FRAMES });
    const audio = await aacClicks({ seconds: 4, clicksMs: [], startMs: START_MS, rate: 48_000 });
    const sink = server.publish('linger');
    const playing = playLive(sink, clipEvents([video, audio]));
    await waitFor('the stream is live', () => server.sessions.live('linger')?.stream.audio !== undefined);
    const feed = await opened(feeds, gateway, 'linger');
    const pid = await waitFor('there is an encoder', () => {
      const [dump] = feeds.dump() as { audio: { pid?: number } }[];
      return dump?.audio.pid;
    });
    feed.viewers = 1;
    feed.listener.onViewers(1);
    feed.viewers = 0;
    feed.listener.onViewers(0);
    expect(feed.closed).toBe(false);
    await waitFor('the feed is closed', () => feed.closed);
    await waitFor('the encoder is gone', () => !isAlive(pid));
    await playing;
    sink.end('unpublished');
  });

  test('a viewer who needs a keyframe has the publisher asked, but not twice at once', async () => {
    const { feeds, gateway } = openFeeds();
    const video = await encodeClip({ size: '320x180', seconds: 1, startMs: START_MS, flags: NO_B_FRAMES });
    const sink = server.publish('keyframes');
    await playLive(sink, clipEvents([video]));
    const feed = await opened(feeds, gateway, 'keyframes');
    const before = server.keyframesAsked;
    feed.listener.onKeyframeWanted('source');
    feed.listener.onKeyframeWanted('source');
    expect(server.keyframesAsked).toBe(before + 1);
    sink.end('unpublished');
  });
});
