import { expect, test } from 'vitest';
import { readRenditions } from './rendition-list.ts';

test('the menu without playing has the ids, the names and the order of LL-HLS playback', () => {
  const playlist = [
    '#EXTM3U',
    '#EXT-X-STREAM-INF:BANDWIDTH=500000,AVERAGE-BANDWIDTH=400000,CODECS="avc1.42c00d,mp4a.40.2",RESOLUTION=426x240,FRAME-RATE=30.000',
    '240p/index.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=6000000,CODECS="avc1.64002a,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=60.000',
    'source/index.m3u8',
    '',
  ].join('\n');
  expect(readRenditions(playlist)).toEqual([
    { id: '1080p60', name: '1080p60', height: 1080, bitrateBps: 6_000_000 },
    { id: '240p', name: '240p', height: 240, bitrateBps: 500_000 },
  ]);
});
