import { describe, expect, test } from 'vitest';
import { streamAddresses } from './stream-addresses.ts';

describe('streamAddresses', () => {
  test('everybody’s', () => {
    expect(streamAddresses('my show')).toEqual({
      url: '/hls/my%20show/index.m3u8',
      whepUrl: '/whep/my%20show',
      healthUrl: '/api/streams/my%20show/health',
    });
  });

  test('with a token, each has it', () => {
    const playlistUrl = '/hls/t/v.1.2.u.0.sig/show/index.m3u8';
    expect(streamAddresses('show', playlistUrl)).toEqual({
      url: playlistUrl,
      whepUrl: '/whep/show?token=v.1.2.u.0.sig',
      healthUrl: '/api/streams/show/health?token=v.1.2.u.0.sig',
    });
  });
});
