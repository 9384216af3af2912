import { MILLISECONDS, ticks } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { AudioTrack, VideoTrack } from '../stream/track.ts';
import { Feeds } from './feeds.ts';
import type { ToChildMessage } from './protocol/messages.ts';
import type { WireUnit } from './protocol/unit-frame.ts';
import type { RtcFeed } from './rtc-gateway.ts';

const video: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42c00d',
  timescale: MILLISECONDS,
  width: 320,
  height: 180,
  config: new Uint8Array([1, 2, 3]),
};
const audio: AudioTrack = {
  kind: 'audio',
  codec: 'opus',
  codecString: 'opus',
  timescale: MILLISECONDS,
  sampleRate: 48_000,
  channels: 2,
  samplesPerFrame: 960,
  config: new Uint8Array([4]),
};

function unit(ms: number, keyframe: boolean, kind: 'video' | 'audio' = 'video'): AccessUnit {
  return { kind, pts: ticks(ms), dts: ticks(ms), keyframe, payload: new Uint8Array([ms & 0xff]) };
}

function open(): {
  link: { up: boolean; full: boolean };
  feeds: Feeds;
  feed: RtcFeed;
  sent: (ToChildMessage | WireUnit)[];
  wanted: string[];
  counts: number[];
} {
  const sent: (ToChildMessage | WireUnit)[] = [];
  const link = {
    up: true,
    full: false,
    send: (message: ToChildMessage): void => void (link.up && sent.push(message)),
    sendUnit: (each: WireUnit): boolean => link.up && !link.full && sent.push(each) > 0,
  };
  const feeds = new Feeds(link, silentLogger);
  const wanted: string[] = [];
  const counts: number[] = [];
  const feed = feeds.open({
    streamId: 's',
    listener: { onKeyframeWanted: (id) => wanted.push(id), onViewers: (count) => counts.push(count) },
  });
  return { link, feeds, feed, sent, wanted, counts };
}

function times(sent: readonly (ToChildMessage | WireUnit)[]): number[] {
  return sent.flatMap((each) => ('ptsMs' in each ? [each.ptsMs] : []));
}

describe('Feeds', () => {
  test('tell the worker of the feed, its tracks and their units', () => {
    const { feed, sent } = open();
    feed.setVideo('main', video, 1_000_000);
    feed.setAudio(audio);
    feed.write('main', unit(0, true));
    feed.write('audio', unit(5, true, 'audio'));
    feed.write('nobody', unit(6, true));
    expect(
      sent.map((each) => ('type' in each ? each.type : `${each.track} ${each.kind} ${each.ptsMs}`)),
    ).toEqual(['open-feed', 'feed-video', 'feed-audio', '0 video 0', '1 audio 5']);
  });

  test('a rendition begins with an IDR, and after a lost unit with the next one', () => {
    const { feed, link, sent } = open();
    feed.setVideo('main', video, 1_000_000);
    feed.write('main', unit(0, false));
    feed.write('main', unit(33, true));
    link.full = true;
    feed.write('main', unit(66, false));
    link.full = false;
    feed.write('main', unit(100, false));
    feed.write('main', unit(133, true));
    expect(times(sent)).toEqual([33, 133]);
  });

  test('a worker that was started anew is told everything, with the pictures since the last IDR', () => {
    const { feed, feeds, link, sent, counts } = open();
    feed.setVideo('main', video, 1_000_000);
    feed.setAudio(audio);
    feed.write('main', unit(0, true));
    feeds.handle({ type: 'feed-viewers', feed: 1, count: 3 });
    expect(feed.viewers).toBe(3);
    link.up = false;
    feeds.workerLost();
    expect(feed.viewers).toBe(0);
    expect(counts).toEqual([3, 0]);
    feed.write('main', unit(33, true));
    feed.write('main', unit(66, false));
    sent.length = 0;
    link.up = true;
    feeds.announce();
    feed.write('main', unit(100, false));
    expect(sent.flatMap((each) => ('type' in each ? [each.type] : []))).toEqual([
      'open-feed',
      'feed-video',
      'feed-audio',
    ]);
    expect(times(sent)).toEqual([33, 66, 100]);
  });

  test('new parameters wait for their IDR, another bit rate waits for nothing', () => {
    const { feed, sent } = open();
    feed.setVideo('main', video, 1_000_000);
    feed.write('main', unit(0, true));
    feed.setVideo('main', video, 2_000_000);
    feed.write('main', unit(33, false));
    feed.setVideo('main', { ...video, config: new Uint8Array([9]) }, 2_000_000);
    feed.write('main', unit(66, false));
    feed.write('main', unit(100, true));
    expect(times(sent)).toEqual([0, 33, 100]);
  });

  test('what the worker wants is asked by the rendition’s name, and numbers are used again', () => {
    const { feed, feeds, sent, wanted } = open();
    feed.setVideo('a', video, 1);
    feed.setVideo('b', video, 2);
    feeds.handle({ type: 'keyframe-wanted', feed: 1, track: 1 });
    expect(wanted).toEqual(['b']);
    feed.removeVideo('a');
    feed.removeVideo('a');
    feed.setVideo('c', video, 3);
    expect(sent.slice(3)).toMatchObject([
      { type: 'feed-track-removed', track: 0 },
      { type: 'feed-video', track: 0 },
    ]);
  });

  test('refuses what WebRTC cannot show', () => {
    const { feed } = open();
    expect(() => feed.setVideo('main', { ...video, codec: 'hevc' }, 1)).toThrow('hevc');
    expect(() => feed.setAudio({ ...audio, codec: 'aac' })).toThrow('aac');
    expect(() => feed.setVideo('audio', video, 1)).toThrow("'audio'");
  });

  test('nothing comes of a feed that is closed', () => {
    const { feed, feeds, sent, wanted, counts } = open();
    feed.setVideo('main', video, 1);
    expect(feeds.numberOf(feed)).toBe(1);
    feed.close();
    feed.close();
    expect(feeds.numberOf(feed)).toBe(undefined);
    feed.write('main', unit(0, true));
    feeds.handle({ type: 'keyframe-wanted', feed: 1, track: 0 });
    feeds.handle({ type: 'feed-viewers', feed: 1, count: 1 });
    feeds.announce();
    expect(sent.map((each) => ('type' in each ? each.type : 'unit'))).toEqual([
      'open-feed',
      'feed-video',
      'close-feed',
    ]);
    expect([...wanted, ...counts]).toEqual([]);
  });

  test('goes on when its owner throws, and so do the others', () => {
    const { feeds, counts } = open();
    const broken = feeds.open({
      streamId: 'broken',
      listener: {
        onKeyframeWanted: () => {
          throw new Error('no keyframe');
        },
        onViewers: () => {
          throw new Error('no count');
        },
      },
    });
    const number = feeds.numberOf(broken) ?? 0;
    feeds.handle({ type: 'feed-viewers', feed: number, count: 2 });
    feeds.handle({ type: 'feed-viewers', feed: 1, count: 3 });
    broken.setVideo('v', video, 1);
    feeds.handle({ type: 'keyframe-wanted', feed: number, track: 0 });
    expect(broken.viewers).toBe(2);
    feeds.workerLost();
    expect(counts).toEqual([3, 0]);
    expect(broken.viewers).toBe(0);
  });
});
