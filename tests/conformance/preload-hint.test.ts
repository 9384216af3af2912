import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpGet } from '../support/http-client.ts';
import { LiveStream, openMsn, openParts } from '../support/live-stream.ts';

describe('scenarios 12 and 13: preload hints', () => {
  let stream: LiveStream;

  beforeEach(async () => {
    stream = await LiveStream.start();
  });

  afterEach(() => stream.close());

  function hinted(playlist: MediaPlaylist, id: string): string {
    const [hint] = playlist.preloadHints;
    expect(playlist.preloadHints).toHaveLength(1);
    expect(hint?.type).toBe('PART');
    return stream.rendition(id, hint?.uri ?? '');
  }

  test.each(['source', 'audio'])(
    '12: a hinted part of %s comes in one burst when it is whole',
    async (id) => {
      let playlist = await stream.until('a segment', id, ({ segments }) => segments.some(({ gap }) => !gap));
      const bursts: number[] = [];
      for (let round = 0; round < 12; round++) {
        const url = hinted(playlist, id);
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
    },
  );

  test('13: a hint that came to nothing is 404, and the next one is right', async () => {
    const before = await stream.until(
      'the middle of a segment',
      'source',
      (playlist) => openParts(playlist) === 2 && playlist.segments.some(({ gap }) => !gap),
    );
    await stream.source.stop();
    const abandoned = hinted(await stream.playlist('source'), 'source');
    const waiting = httpGet(abandoned);
    await stream.publishAgain();
    const answer = await waiting;
    expect(answer.status).toBe(404);
    expect((await httpGet(abandoned)).status).toBe(404);
    const after = await stream.until('a part', 'source', (now) => openMsn(now) > openMsn(before));
    expect((await httpGet(hinted(after, 'source'))).status).toBe(200);
  });
});

function nextQuery(playlist: MediaPlaylist): string {
  return `?_HLS_msn=${openMsn(playlist)}&_HLS_part=${openParts(playlist)}`;
}
