import { lintDelta } from '@tallylight/hls/lint/lint-playlist.ts';
import { readMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { edgeOf } from '@tallylight/hls/rules/playlist-edge.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveStream } from '../support/live-stream.ts';
import { waitFor } from '../support/wait-for.ts';

describe('scenario 15: delta updates', () => {
  let stream: LiveStream;

  beforeAll(async () => {
    // CAN-SKIP-UNTIL is 12 s here: a window of 20 segments of one second, most of it sent at once.
    stream = await LiveStream.start({
      env: { WINDOW_SEGMENTS: '20' },
      source: { burstMs: 18_000 },
    });
    await stream.until('sixteen segments', 'source', ({ segments }) => segments.length >= 16);
  });

  afterAll(() => stream.close());

  test.concurrent.for(['source', 'audio'].flatMap((id) => ['YES', 'v2'].map((skip) => ({ id, skip }))))(
    'a delta ($skip) of $id, merged, is the full playlist',
    async ({ id, skip }, { expect }) => {
      const base = readMediaPlaylist((await stream.ask(id)).body.toString());
      const edge = edgeOf(base.playlist);
      // The base is two segments old by now, as it is for a client that lost a few answers.
      const target = `_HLS_msn=${edge.msn + 2}&_HLS_part=0`;
      const { delta, full } = await waitFor('delta and full playlist of one instant', async () => {
        const [skipped, whole] = await Promise.all([
          stream.ask(id, `?${target}&_HLS_skip=${skip}`),
          stream.ask(id, `?${target}`),
        ]);
        expect([skipped.status, whole.status]).toEqual([200, 200]);
        const pair = {
          delta: readMediaPlaylist(skipped.body.toString()),
          full: readMediaPlaylist(whole.body.toString()),
        };
        return (
          JSON.stringify(edgeOf(pair.delta.playlist)) === JSON.stringify(edgeOf(pair.full.playlist)) && pair
        );
      });
      expect(delta.playlist.skippedSegments).toBeGreaterThan(0);
      expect(delta.version).toBeGreaterThanOrEqual(9);
      expect(full.version).toBeLessThan(9);
      expect(delta.playlist.mediaSequence).toBe(full.playlist.mediaSequence);
      expect(lintDelta(base, delta, full)).toEqual([]);
      const keptSec = delta.playlist.segments.reduce((sum, { durationSec }) => sum + durationSec, 0);
      expect(keptSec).toBeGreaterThanOrEqual(full.playlist.serverControl?.canSkipUntilSec ?? Infinity);
    },
  );

  test('a value that nobody defined brings the full playlist', async () => {
    expect((await stream.playlist('source', '?_HLS_skip=maybe')).skippedSegments).toBeUndefined();
  });
});

describe('scenario 15: a window shorter than the skip boundary', () => {
  let stream: LiveStream;

  beforeAll(async () => {
    stream = await LiveStream.start();
  });

  afterAll(() => stream.close());

  test('the full playlist answers a request for a delta', async () => {
    const answer = await stream.ask('source', '?_HLS_skip=YES');
    expect(answer.status).toBe(200);
    expect(readMediaPlaylist(answer.body.toString()).playlist.skippedSegments).toBeUndefined();
  });
});
