import { describe, expect, test } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { OriginFixture } from './testing/fixture.ts';
import { ViewerCount } from './viewer-count.ts';

describe('ViewerCount', () => {
  test('counts a viewer once, however often it asks, and forgets it 10 s later', () => {
    const count = new ViewerCount();
    for (let nowMs = 0; nowMs <= 5000; nowMs += 500) count.saw('live', '192.0.2.1', 'a', nowMs);
    expect([count.count('live', 5000), count.count('live', 14_999), count.count('live', 15_000)]).toEqual([
      1, 1, 0,
    ]);
  });

  test('tells viewers apart by address and by User-Agent, and streams from each other', () => {
    const count = new ViewerCount();
    count.saw('live', '192.0.2.1', 'a', 0);
    count.saw('live', '192.0.2.1', 'b', 0);
    count.saw('live', '192.0.2.2', 'a', 0);
    count.saw('live', '192.0.2.2', undefined, 0);
    count.saw('other', '192.0.2.1', 'a', 0);
    expect([count.count('live', 0), count.count('other', 0), count.count('none', 0)]).toEqual([4, 1, 0]);
  });

  test('counts those behind one address apart as they come and go', () => {
    const count = new ViewerCount(3);
    count.saw('live', '192.0.2.1', 'a', 0);
    for (const nowMs of [0, 6000, 12_000]) count.saw('live', '192.0.2.1', 'b', nowMs);
    expect([count.count('live', 0), count.count('live', 12_000)]).toEqual([2, 1]);
    count.saw('live', '192.0.2.1', 'a', 12_000);
    count.saw('live', '192.0.2.1', 'a', 22_000);
    expect(count.count('live', 22_000)).toBe(1);
    for (const agent of ['c', 'd', 'e']) count.saw('live', '192.0.2.1', agent, 22_000);
    expect(count.count('live', 22_000)).toBe(3);
  });

  test('a User-Agent counts up to its 160th character', () => {
    const count = new ViewerCount();
    for (const end of ['x', 'y', 'x']) count.saw('live', '192.0.2.1', 'a'.repeat(160) + end, 0);
    expect(count.count('live', 0)).toBe(1);
    count.saw('live', '192.0.2.1', `${'a'.repeat(159)}x`, 0);
    expect(count.count('live', 0)).toBe(2);
  });

  test('remembers no more than its bound, and takes new ones when old ones have left', () => {
    const count = new ViewerCount(3);
    for (let viewer = 0; viewer < 10; viewer++) count.saw('live', `192.0.2.${viewer}`, 'a', 0);
    expect(count.count('live', 0)).toBe(3);
    for (let viewer = 0; viewer < 10; viewer++) count.saw('other', `198.51.100.${viewer}`, 'a', 10_000);
    expect([count.count('live', 10_000), count.count('other', 10_000)]).toEqual([0, 3]);
  });
});

describe('Origin.viewers', () => {
  test('counts requests for media playlists, not for segments or of streams that are not there', async () => {
    let nowMs = 1000;
    const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs };
    const fixture = await OriginFixture.start({ clock, clientAddress: () => '192.0.2.9' });
    fixture.video.advance(20);
    fixture.audio.advance(20);
    await fixture.get('/hls/live/720p/r.1700000000.m4s', { 'user-agent': 'segments' });
    await fixture.get('/hls/none/720p/index.m3u8', { 'user-agent': 'lost' });
    expect(fixture.origin.viewers('live')).toBe(0);
    for (const agent of ['one', 'two']) {
      expect((await fixture.get(fixture.playlistPath(), { 'user-agent': agent })).status).toBe(200);
      await fixture.get(fixture.playlistPath('', 'audio'), { 'user-agent': agent });
    }
    expect([fixture.origin.viewers('live'), fixture.origin.viewers('none')]).toEqual([2, 0]);
    nowMs += 10_000;
    expect(fixture.origin.viewers('live')).toBe(0);
    await fixture.close();
  });
});
