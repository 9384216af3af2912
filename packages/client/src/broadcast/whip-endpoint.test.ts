import { expect, test } from 'vitest';
import { streamIdOfWatchUrl, whipEndpoint } from './whip-endpoint.ts';

const page = 'https://live.example/studio?x';

test.each([
  ['', '', 'https://live.example/whip'],
  ['', 'a b', 'https://live.example/api/streams/a%20b/whip'],
  ['/whip', 'show', 'https://live.example/whip'],
  ['https://other.example/whip/7', 'show', 'https://other.example/whip/7'],
  ['rtmp://live.example/live/key', 'show', 'https://live.example/api/streams/show/whip'],
])('ingest URL "%s" of stream "%s" is published to at %s', (ingestUrl, streamId, endpoint) => {
  expect(whipEndpoint({ ingestUrl, streamId }, page)).toBe(endpoint);
});

test('the watch page names the stream', () => {
  expect(streamIdOfWatchUrl('https://live.example/watch/a%20b')).toBe('a b');
  expect(streamIdOfWatchUrl('https://live.example/watch/%ZZ')).toBeUndefined();
  expect(streamIdOfWatchUrl('https://live.example/')).toBeUndefined();
  expect(streamIdOfWatchUrl(undefined)).toBeUndefined();
});
