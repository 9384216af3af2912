import { describe, expect, test } from 'vitest';
import { comingWords, readStreamPage, spanWords, tokenOf } from './stream-page.ts';

describe('readStreamPage', () => {
  test.each([
    ['scheduled', 'coming'],
    ['preparing', 'coming'],
    ['live', 'live'],
    ['ending', 'live'],
    ['ended', 'over'],
    ['cancelled', 'over'],
  ])('%s is %s', (status, phase) => {
    const body = {
      title: 'T',
      status,
      scheduledAt: '2099-05-04T18:30:00.000Z',
      streamUrl: '/hls/x/index.m3u8',
      channelId: 'c',
      description: 'D',
      tags: ['a', 1],
      thumbnailUrl: '/t.jpg',
    };
    expect(readStreamPage(body)).toEqual({
      title: 'T',
      phase,
      startsAtMs: Date.UTC(2099, 4, 4, 18, 30),
      wasCalledOff: status === 'cancelled',
      description: 'D',
      tags: ['a'],
      thumbnailUrl: '/t.jpg',
      channelId: 'c',
      playlistUrl: '/hls/x/index.m3u8',
    });
  });

  test('anything else is no page', () => {
    for (const body of [null, 1, {}, { title: 'T' }, { title: 1, status: 'live' }])
      expect(readStreamPage(body)).toBeUndefined();
  });
});

test('tokenOf finds the token of a private stream', () => {
  expect(tokenOf('/hls/t/v.1.2/id/index.m3u8')).toBe('v.1.2');
  expect(tokenOf('/hls/id/index.m3u8')).toBeUndefined();
  expect(tokenOf(undefined)).toBeUndefined();
});

describe('comingWords', () => {
  const when = (): string => 'Monday';
  test('say when, and how long that is', () => {
    expect(comingWords(10_000, 0, when)).toBe('Starts Monday, in 10 s.');
    expect(comingWords(10_000, 10_000, when)).toBe('Planned for Monday. It starts any moment; stay here.');
    expect(comingWords(undefined, 0, when)).toBe(
      'This stream has not started yet. Stay here, it begins by itself.',
    );
  });

  test.each([
    [1, '1 s'],
    [59_000, '59 s'],
    [60_000, '1 min'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '1 day 0 h'],
    [183_600_000, '2 days 3 h'],
  ])('%i ms are %s', (ms, words) => {
    expect(spanWords(ms)).toBe(words);
  });
});
