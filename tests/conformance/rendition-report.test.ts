import { edgeOf } from '@tallylight/hls/rules/playlist-edge.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveStream } from '../support/live-stream.ts';
import { openReaders } from '../support/ll-reader.ts';

describe('scenario 14: rendition reports', () => {
  let stream: LiveStream;
  let ids: string[];

  beforeAll(async () => {
    stream = await LiveStream.start({ env: { LADDER: '144p:100k' } });
    const readers = await openReaders(stream.url, { atLeast: 3 });
    ids = readers.map(({ id }) => id);
    await stream.until('a segment', 'audio', ({ segments }) => segments.some(({ gap }) => !gap));
  });

  afterAll(() => stream.close());

  test('each playlist reports on all others, as fresh as they are', async () => {
    for (let round = 0; round < 10; round++) {
      const playlists = await Promise.all(ids.map((id) => stream.playlist(id)));
      for (const [at, playlist] of playlists.entries()) {
        const reported = playlist.renditionReports.map(({ uri }) => uri);
        const others = ids.filter((_, other) => other !== at);
        const urls = reported.map((uri) => stream.rendition(ids[at] ?? '', uri));
        expect(urls.toSorted()).toEqual(others.map((id) => stream.rendition(id)).toSorted());
        for (const report of playlist.renditionReports) {
          const id = new URL(stream.rendition(ids[at] ?? '', report.uri)).pathname.split('/').at(-2);
          const other = playlists[ids.indexOf(id ?? '')];
          const edge = other === undefined ? undefined : edgeOf(other);
          // Five parts make a segment here, and each playlist was read at its own instant.
          const reportedAt = report.lastMsn * 5 + (report.lastPart ?? 0);
          const listedAt = (edge?.msn ?? 0) * 5 + (edge?.part ?? 0);
          expect(Math.abs(reportedAt - listedAt)).toBeLessThanOrEqual(1);
        }
      }
      const edge = edgeOf(playlists[0] ?? (await stream.playlist('source')));
      await stream.ask('source', `?_HLS_msn=${edge.msn}&_HLS_part=${edge.part + 1}`);
    }
  });
});
