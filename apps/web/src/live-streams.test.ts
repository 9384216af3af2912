import { expect, test } from 'vitest';
import { parseLiveStreams } from './live-streams.ts';

test('reads streams, and takes the id for a missing title', () => {
  expect(
    parseLiveStreams({ streams: [{ streamId: 'a', title: 'Morning show' }, { streamId: 'b' }] }),
  ).toEqual([
    { streamId: 'a', title: 'Morning show' },
    { streamId: 'b', title: 'b' },
  ]);
});

test('what is not a stream is left out', () => {
  expect(parseLiveStreams({ streams: [null, 7, { title: 'x' }, { streamId: 7 }] })).toEqual([]);
  expect(parseLiveStreams([{ streamId: 'a' }])).toEqual([]);
  expect(parseLiveStreams({ streams: 'a' })).toEqual([]);
});
