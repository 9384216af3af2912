import { describe, expect, test } from 'vitest';
import { parseRtmpUrl } from './rtmp-target.ts';

describe('parseRtmpUrl', () => {
  test.each([
    [
      'rtmp://a.example/live/key',
      { host: 'a.example', port: 1935, tls: false, app: 'live', streamKey: 'key' },
    ],
    [
      'rtmps://a.example/live/key',
      { host: 'a.example', port: 443, tls: true, app: 'live', streamKey: 'key' },
    ],
    [
      'rtmp://127.0.0.1:19350/a/b/key?x=1',
      { host: '127.0.0.1', port: 19_350, tls: false, app: 'a/b', streamKey: 'key?x=1' },
    ],
    ['rtmp://[::1]:1935/live/key', { host: '::1', port: 1935, tls: false, app: 'live', streamKey: 'key' }],
  ])('%s', (url, target) => {
    expect(parseRtmpUrl(url)).toEqual(target);
  });

  test.each(['http://a/live/key', 'rtmp://a/live', 'rtmp://a/live/', 'rtmp:///live/key', ''])(
    '%j is refused without repeating it',
    (url) => {
      expect(() => parseRtmpUrl(url)).toThrow(/^an RTMP address looks like/);
    },
  );
});
