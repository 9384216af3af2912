import { describe, expect, test } from 'vitest';
import { type PlaylistFetch, probeSource } from './source-probe.ts';

const URL_OF_STREAM = 'https://live.example/hls/demo/index.m3u8';
const MULTIVARIANT = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource/index.m3u8\n';

/** Answers by path: a text is a 200, a number a status. */
function fetchFrom(answers: Readonly<Record<string, string | number>>): PlaylistFetch {
  return (url) => {
    const answer = answers[new URL(url).pathname] ?? 404;
    const status = typeof answer === 'number' ? answer : 200;
    return Promise.resolve({
      ok: status === 200,
      status,
      text: () => Promise.resolve(String(answer)),
    });
  };
}

describe('probeSource', () => {
  const { signal } = new AbortController();

  test.each([
    ['live', { '/hls/demo/index.m3u8': MULTIVARIANT, '/hls/demo/source/index.m3u8': '#EXTM3U\n' }],
    [
      'ended',
      { '/hls/demo/index.m3u8': MULTIVARIANT, '/hls/demo/source/index.m3u8': '#EXTM3U\n#EXT-X-ENDLIST\n' },
    ],
    ['live', { '/hls/demo/index.m3u8': '#EXTM3U\n#EXTINF:2,\na.m4s\n' }],
    ['absent', {}],
    ['absent', { '/hls/demo/index.m3u8': MULTIVARIANT }],
    ['busy', { '/hls/demo/index.m3u8': 503 }],
    ['busy', { '/hls/demo/index.m3u8': 429 }],
    ['forbidden', { '/hls/demo/index.m3u8': 403 }],
  ] as const)('%s: %o', async (condition, answers) => {
    expect(await probeSource(URL_OF_STREAM, fetchFrom(answers), signal)).toBe(condition);
  });

  test('no answer at all is unreachable', async () => {
    const offline: PlaylistFetch = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await probeSource(URL_OF_STREAM, offline, signal)).toBe('unreachable');
  });
});
