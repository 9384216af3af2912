import { describe, expect, test } from 'vitest';
import { SourceAddress } from './source-address.ts';

const at = (token: string, file: string): string => `https://live.example/hls/t/${token}/show/${file}`;

describe('SourceAddress', () => {
  test('without a renewal every address stays as it is', () => {
    const address = new SourceAddress(at('a', 'index.m3u8'));
    expect(address.newest(at('a', 'source/index.m3u8?_HLS_msn=7&_HLS_part=1'))).toBe(
      at('a', 'source/index.m3u8?_HLS_msn=7&_HLS_part=1'),
    );
  });

  test('playlists, parts and init sections of every older address are fetched by the newest', () => {
    const address = new SourceAddress(at('a', 'index.m3u8'));
    address.renew(at('b', 'index.m3u8'));
    address.renew(at('c', 'index.m3u8?x=1'));
    expect(address.url).toBe(at('c', 'index.m3u8?x=1'));
    for (const file of ['source/index.m3u8?_HLS_msn=7', 'source/init-1.mp4', '360p/7.2.m4s']) {
      for (const token of ['a', 'b', 'c']) expect(address.newest(at(token, file))).toBe(at('c', file));
    }
  });

  test('what is elsewhere is left alone', () => {
    const address = new SourceAddress(at('a', 'index.m3u8'));
    address.renew(at('b', 'index.m3u8'));
    expect(address.newest('https://cdn.example/hls/t/a/show/1.m4s')).toBe(
      'https://cdn.example/hls/t/a/show/1.m4s',
    );
    expect(address.newest(at('ab', '1.m4s'))).toBe(at('ab', '1.m4s'));
  });

  test('an address that comes back is the newest', () => {
    const address = new SourceAddress(at('a', 'index.m3u8'));
    address.renew(at('b', 'index.m3u8'));
    address.renew(at('a', 'index.m3u8'));
    expect([address.newest(at('a', 'x')), address.newest(at('b', 'x'))]).toEqual([
      at('a', 'x'),
      at('a', 'x'),
    ]);
  });
});
