import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUrlId, parseOriginPath } from './path.ts';

describe('parseOriginPath', () => {
  test('reads the three kinds of path, with and without a token', () => {
    expect(parseOriginPath('/hls/live/index.m3u8')).toEqual({
      kind: 'multivariant',
      token: undefined,
      streamId: 'live',
    });
    expect(parseOriginPath('/hls/t/abc.def~-_/live/720p/index.m3u8?_HLS_msn=1')).toEqual({
      kind: 'playlist',
      token: 'abc.def~-_',
      streamId: 'live',
      rendition: '720p',
      query: '_HLS_msn=1',
    });
    expect(parseOriginPath('/hls/live/720p/r1.1700000000.3.m4s?x=/../')).toEqual({
      kind: 'media',
      token: undefined,
      streamId: 'live',
      rendition: '720p',
      name: 'r1.1700000000.3.m4s',
    });
  });

  test.each([
    '/hls/',
    '/hls/live',
    '/hls/live/',
    '/hls//index.m3u8',
    '/hls/live//index.m3u8',
    '/hls/live/index.m3u8/',
    '/hls/live/720p/',
    '/hls/live/720p/a/b',
    '/hls/../etc/passwd',
    '/hls/live/../index.m3u8',
    '/hls/live/720p/..',
    '/hls/live/720p/../../x',
    '/hls/live/720p/.hidden',
    '/hls/live/720p/a..b',
    '/hls/live/720p/%2e%2e%2fetc',
    '/hls/live/720p/..\\x',
    '/hls/live/720p/a\0b',
    '/hls/%2e%2e/index.m3u8',
    '/hls/li ve/index.m3u8',
    '/hls/t/live/index.m3u8',
    '/hls/t//live/index.m3u8',
    '/hls/t/a%20b/live/index.m3u8',
    '/hls/t/index.m3u8',
    '/hls/ｌive/index.m3u8',
    `/hls/${'a'.repeat(65)}/index.m3u8`,
    `/hls/live/720p/${'a'.repeat(97)}`,
    `/hls/t/${'a'.repeat(1025)}/live/index.m3u8`,
    '/HLS/live/index.m3u8',
  ])('%j is nothing of ours', (target) => {
    expect(parseOriginPath(target)).toBeUndefined();
  });

  test('names of prototypes are ordinary names', () => {
    expect(parseOriginPath('/hls/__proto__/index.m3u8')).toMatchObject({ streamId: '__proto__' });
  });

  test('no target makes it throw, and whatever it accepts is plain', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (rest) => {
        const path = parseOriginPath(`/hls/${rest}`);
        if (path === undefined) return;
        expect(path.streamId).toMatch(/^[\w-]{1,64}$/);
        if (path.kind === 'media') expect(path.name).toMatch(/^[\w-]+(\.[\w-]+)*$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('isUrlId', () => {
  test.each(['live', 'A-1_b', '720p'])('%s may be a name', (name) => expect(isUrlId(name)).toBe(true));
  test.each(['', 't', 'a/b', 'a.b', '..', 'ä', 'a'.repeat(65)])('%j may not', (name) =>
    expect(isUrlId(name)).toBe(false),
  );
});
