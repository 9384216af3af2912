import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock, unit, videoTrack } from '../packager/testing/source.ts';
import { silentLogger } from '../platform/logger.ts';
import { type FakeFeed, FakeGateway } from '../rtc-worker/testing/fake-gateway.ts';
import { LiveStream } from '../stream/live-stream.ts';
import { RungBoard } from './rung-board.ts';
import { WebRtcFeeds } from './webrtc-feed.ts';

/** Distance of pictures, in milliseconds. */
const FRAME_MS = 40;

let session: {
  readonly streamId: string;
  readonly stream: LiveStream;
  readonly rungs: RungBoard;
  encodes: boolean;
  shows: () => boolean;
  reordered: boolean;
  requestKeyframe(): void;
};
let gateway: FakeGateway;
let feeds: WebRtcFeeds;

beforeEach(() => {
  vi.useFakeTimers();
  const clock = new ManualClock();
  session = {
    streamId: 'live',
    stream: new LiveStream({ streamId: 'live', clock, log: silentLogger }),
    rungs: new RungBoard(),
    encodes: false,
    shows: () => true,
    reordered: false,
    requestKeyframe: () => {},
  };
  session.stream.beginPublisher();
  session.stream.writeTrack(videoTrack);
  gateway = new FakeGateway();
  const sessions = {
    live: (streamId: string) => (streamId === 'live' ? session : undefined),
    onSessionClosed: () => {},
  };
  feeds = new WebRtcFeeds({ gateway, sessions, audio: undefined, clock, log: silentLogger });
});
afterEach(() => {
  feeds.close();
  vi.useRealTimers();
});

function lease(): { readonly feed: FakeFeed; readonly settle: (answered: boolean) => void } {
  const opened = feeds.open('live');
  const feed = gateway.feeds.at(-1);
  if (typeof opened !== 'object' || feed === undefined) throw new Error('no feed was opened');
  return { feed, settle: opened.settle };
}

/** One GOP: pictures of these times in decode order, each decoded when it is sent. */
function write(shownMs: readonly number[], fromMs = 0): void {
  for (const [index, ptsMs] of shownMs.entries()) {
    session.stream.writeUnit(
      unit('video', fromMs + ptsMs, { key: index === 0, dtsMs: fromMs + index * FRAME_MS }),
    );
  }
}

function view(feed: FakeFeed, viewers: number): void {
  feed.viewers = viewers;
  feed.listener.onViewers(viewers);
}

describe('the pictures of a feed', () => {
  test('a source without B-frames is passed on', () => {
    const { feed } = lease();
    write([0, 40, 80]);
    expect(feed.units.map(({ id, unit: { pts } }) => [id, pts])).toEqual([
      ['source', 10_000],
      ['source', 10_040],
      ['source', 10_080],
    ]);
  });

  test('a source that is larger than viewers may get is not passed on while it is encoded smaller', async () => {
    session.encodes = true;
    session.shows = () => false;
    const { feed } = lease();
    const sink = session.rungs.open();
    sink.plan(['480p']);
    sink.track('480p', videoTrack);
    write([0, 40]);
    await vi.advanceTimersByTimeAsync(0);
    expect([feed.units, [...feed.videos.keys()], feed.closed]).toEqual([[], ['480p'], false]);
    session.shows = () => true;
    write([0, 40], 120);
    expect(feed.units.map(({ id }) => id)).toEqual(['source', 'source']);
    session.shows = () => false;
    write([0, 40], 240);
    expect([feed.units.length, [...feed.videos.keys()]]).toEqual([2, ['480p']]);
  });

  test('a constant offset of the pictures is no B-frame: it is passed on after one GOP of proof', () => {
    const { feed } = lease();
    write([80, 120, 160]);
    expect(feed.units).toEqual([]);
    write([80, 120, 160], 120);
    expect(feed.units.map(({ unit: { pts } }) => pts)).toEqual([10_200, 10_240, 10_280]);
  });

  test('B-frames are never passed on, and viewers of nothing else are let go', async () => {
    const { feed, settle } = lease();
    view(feed, 1);
    settle(true);
    write([40, 120, 80, 200, 160]);
    await vi.advanceTimersByTimeAsync(0);
    expect([feed.units, [...feed.videos.keys()], feed.closed]).toEqual([[], [], true]);
  });

  test('B-frames that begin later take the source away; with rungs the feed goes on', async () => {
    session.encodes = true;
    const { feed } = lease();
    write([0, 40, 80]);
    expect([...feed.videos.keys()]).toEqual(['source']);
    const sink = session.rungs.open();
    sink.plan(['360p']);
    sink.track('360p', videoTrack);
    write([40, 120, 80], 120);
    await vi.advanceTimersByTimeAsync(0);
    expect([[...feed.videos.keys()], feed.closed]).toEqual([['360p'], false]);
  });

  test('when there turn out to be no rungs, viewers of a source that WebRTC cannot show are let go', async () => {
    session.encodes = true;
    const { feed } = lease();
    write([40, 120, 80]);
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.closed).toBe(false);
    session.encodes = false;
    session.rungs.open().plan([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.closed).toBe(true);
  });

  test('a source that is replaced by one in VP8 is not left black either', async () => {
    const { feed } = lease();
    write([0, 40]);
    session.stream.writeTrack({ ...videoTrack, codec: 'vp8', codecString: 'vp8' });
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.closed).toBe(true);
  });
});

describe('the life of a feed', () => {
  test('asking whether a stream can be watched opens nothing', () => {
    expect([feeds.status('live'), feeds.status('other')]).toEqual(['live', 'not-live']);
    session.reordered = true;
    expect([feeds.status('live'), feeds.open('live')]).toEqual(['unavailable', 'unavailable']);
    expect(gateway.feeds).toEqual([]);
  });

  test('opened for an offer that is refused it closes at once, unless another is being answered', () => {
    const first = lease();
    const second = lease();
    expect(second.feed).toBe(first.feed);
    first.settle(false);
    expect(first.feed.closed).toBe(false);
    second.settle(false);
    expect([first.feed.closed, feeds.dump()]).toEqual([true, []]);
  });

  test('an offer that takes its time is waited for', () => {
    const { feed, settle } = lease();
    vi.advanceTimersByTime(60_000);
    expect(feed.closed).toBe(false);
    view(feed, 1);
    settle(true);
    vi.advanceTimersByTime(60_000);
    expect(feed.closed).toBe(false);
  });

  test('without viewers it lingers for 10 s, which refused offers do not prolong', () => {
    const { feed, settle } = lease();
    view(feed, 1);
    settle(true);
    view(feed, 0);
    vi.advanceTimersByTime(9000);
    lease().settle(false);
    expect([feed.closed, gateway.feeds.length]).toEqual([false, 1]);
    vi.advanceTimersByTime(1000);
    expect(feed.closed).toBe(true);
  });

  test('an answered viewer who never comes keeps it for 10 s', () => {
    const { feed, settle } = lease();
    settle(true);
    vi.advanceTimersByTime(9999);
    expect(feed.closed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(feed.closed).toBe(true);
  });
});
