import type { MediaPlaylist, RenditionReport } from '@tallylight/hls/media-playlist.ts';
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
    let compared = 0;
    for (let round = 0; round < 40 && compared < 10; round++) {
      const askedMs = performance.now();
      const playlists = await Promise.all(ids.map((id) => stream.playlist(id)));
      // Playlists of instants further apart say nothing about each other.
      const isOneInstant = performance.now() - askedMs < 50;
      if (isOneInstant) compared++;
      for (const [at, playlist] of playlists.entries()) {
        const id = ids[at] ?? '';
        const reported = playlist.renditionReports.map(({ uri }) => stream.rendition(id, uri));
        const others = ids.filter((_, other) => other !== at);
        expect(reported.toSorted()).toEqual(others.map((other) => stream.rendition(other)).toSorted());
        for (const [index, report] of playlist.renditionReports.entries()) {
          const other = playlists[ids.findIndex((name) => stream.rendition(name) === reported[index])];
          if (other === undefined || !isOneInstant) continue;
          // A playlist is rendered once a part, with the reports of that instant; audio may be two parts on by its next.
          expect(secondsBehind(report, other)).toBeLessThanOrEqual(2 * (other.partTargetSec ?? 0));
        }
      }
      const edge = edgeOf(playlists[0] ?? (await stream.playlist('source')));
      await stream.ask('source', `?_HLS_msn=${edge.msn}&_HLS_part=${edge.part + 1}`);
    }
    expect(compared).toBe(10);
  });
});

/**
 * Seconds of media by which a report lags behind the playlist it speaks of, read at the same instant. Not counted in parts:
 * the last one of an audio segment lasts a frame or two.
 */
function secondsBehind({ lastMsn, lastPart = 0 }: RenditionReport, playlist: MediaPlaylist): number {
  const heads = playlist.open === undefined ? playlist.segments : [...playlist.segments, playlist.open];
  const listed = heads.flatMap(({ parts }, at) =>
    parts.map(({ durationSec }, part) => ({ name: `${playlist.mediaSequence + at}.${part}`, durationSec })),
  );
  const at = listed.findIndex(({ name }) => name === `${lastMsn}.${lastPart}`);
  if (at >= 0) return listed.slice(at + 1).reduce((sum, { durationSec }) => sum + durationSec, 0);
  const { msn, part } = edgeOf(playlist);
  const isNext = (lastMsn === msn && lastPart === part + 1) || (lastMsn === msn + 1 && lastPart === 0);
  return isNext ? 0 : Number.POSITIVE_INFINITY;
}
