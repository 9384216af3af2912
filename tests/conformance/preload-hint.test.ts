import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { httpGet } from '../support/http-client.ts';
import { LiveStream, openMsn, openParts, QUICK_ENV } from '../support/live-stream.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

describe('scenarios 12 and 13: preload hints', () => {
  let server: Tallylight;

  beforeAll(async () => {
    server = await Tallylight.start({ env: QUICK_ENV });
  });

  afterAll(() => server.stop());

  test.concurrent.for(['source', 'audio'])(
    '12: a hinted part of %s comes in one burst when it is whole',
    async (id, { expect }) => {
      const stream = await LiveStream.start({ on: server, name: `bursts-${id}` });
      let playlist = await stream.until('a segment', id, ({ segments }) => segments.some(({ gap }) => !gap));
      const bursts: number[] = [];
      for (let round = 0; round < 12; round++) {
        const url = hinted(stream, playlist, id);
        const [early, reload] = await Promise.all([httpGet(url), stream.ask(id, nextQuery(playlist))]);
        expect(early.status).toBe(200);
        expect(early.body.length).toBeGreaterThan(100);
        expect(early.body.equals((await httpGet(url)).body)).toBe(true);
        // §6.2.6: not before the part is whole, so not before the playlist lists it; both waited for the same event.
        expect(Math.abs(early.firstByteMs - reload.firstByteMs)).toBeLessThan(100);
        bursts.push(early.lastByteMs - early.firstByteMs);
        playlist = parseMediaPlaylist(reload.body.toString());
        const listed = [...playlist.segments, ...(playlist.open === undefined ? [] : [playlist.open])];
        const uris = listed.flatMap(({ parts }) => parts.map(({ uri }) => stream.rendition(id, uri)));
        expect(uris).toContain(url);
      }
      expect(bursts.toSorted((a, b) => a - b)[6]).toBeLessThan(20);
      await stream.close();
    },
  );

  test.concurrent('13: a hint that came to nothing is 404, and the next one is right', async ({ expect }) => {
    const stream = await LiveStream.start({ on: server, name: 'abandoned' });
    const before = await stream.until(
      'the middle of a segment',
      'source',
      (playlist) => openParts(playlist) === 2 && playlist.segments.some(({ gap }) => !gap),
    );
    await stream.source.stop();
    const abandoned = await lastHint(stream);
    const waiting = httpGet(abandoned);
    await stream.publishAgain();
    const answer = await waiting;
    expect(answer.status).toBe(404);
    expect((await httpGet(abandoned)).status).toBe(404);
    const after = await stream.until('a part', 'source', (now) => openMsn(now) > openMsn(before));
    expect((await httpGet(hinted(stream, after, 'source'))).status).toBe(200);
    await stream.close();
  });
});

function hinted(stream: LiveStream, playlist: MediaPlaylist, id: string): string {
  const [hint, ...more] = playlist.preloadHints;
  if (hint?.type !== 'PART' || more.length > 0)
    throw new Error(`hints: ${JSON.stringify(playlist.preloadHints)}`);
  return stream.rendition(id, hint.uri);
}

/** What is hinted once a publisher that left has left nothing more to publish. */
function lastHint(stream: LiveStream): Promise<string> {
  let hint = '';
  let sinceMs = 0;
  return waitFor('a hint that stays', async () => {
    const now = hinted(stream, await stream.playlist('source'), 'source');
    if (now !== hint) sinceMs = performance.now();
    hint = now;
    return performance.now() - sinceMs > 700 && hint;
  });
}

function nextQuery(playlist: MediaPlaylist): string {
  return `?_HLS_msn=${openMsn(playlist)}&_HLS_part=${openParts(playlist)}`;
}
