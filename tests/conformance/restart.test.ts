import type { MediaPlaylist, MediaSegment, SegmentHead } from '@tallylight/hls/media-playlist.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FragmentTrack } from '../support/fragment-track.ts';
import { httpGet } from '../support/http-client.ts';
import { LiveStream, openMsn, QUICK_ENV } from '../support/live-stream.ts';
import { openReaders } from '../support/ll-reader.ts';
import { Tallylight } from '../support/tallylight.ts';

describe('scenario 17: the encoder starts again', () => {
  let server: Tallylight;

  beforeAll(async () => {
    server = await Tallylight.start({ env: { ...QUICK_ENV, LADDER: '144p:100k', CPU_BUDGET_CORES: '8' } });
  });

  afterAll(() => server.stop());

  test.concurrent.for([
    { what: 'with the same parameters', name: 'same', clip: {} },
    { what: 'with another size', name: 'size', clip: { size: '426x240' } },
    { what: 'without audio', name: 'mute', clip: { audio: false as const } },
  ])('$what: all renditions go on alike behind a discontinuity', async ({ name, clip }, { expect }) => {
    const stream = await LiveStream.start({ on: server, name });
    await stream.until('media', 'audio', ({ segments }) => segments.some(({ gap }) => !gap));
    await openReaders(stream.url, { atLeast: 3 });
    const before = await stream.playlist('source');
    await stream.source.stop();
    const quiet = await stream.playlist('source');
    await stream.publishAgain({ clip });
    const heads: SegmentHead[] = [];
    for (const id of ['source', 'audio', '144p']) {
      const playlist = await stream.until(
        `a part of ${id} after the discontinuity`,
        id,
        (now) => (headAfter(now)?.parts.length ?? 0) >= 2,
      );
      expect(playlist.mediaSequence).toBeGreaterThanOrEqual(before.mediaSequence);
      expect(openMsn(playlist)).toBeGreaterThanOrEqual(openMsn(quiet));
      expect(playlist.endList).toBe(false);
      const head = headAfter(playlist);
      if (head === undefined) throw new Error('lost the discontinuity');
      expect(head.parts[0]?.independent).toBe(true);
      const old = listed(playlist).find(({ discontinuity, gap }) => !discontinuity && gap !== true);
      if (id === 'source') expect(head.map?.uri).not.toBe(old?.map?.uri);
      const track = new FragmentTrack();
      track.setInit((await httpGet(stream.rendition(id, head.map?.uri ?? ''))).body);
      const part = track.read((await httpGet(stream.rendition(id, head.parts[0]?.uri ?? ''))).body);
      expect(part.samples[0]?.keyframe).toBe(true);
      heads.push(head);
    }
    // A second discontinuity, as of an encoder that came late, would show in the next two segments.
    await stream.until('two more segments', '144p', (now) => openMsn(now) >= openMsn(quiet) + 3);
    // §6.2.4: the same content has the same number and date in every rendition.
    const playlists = await Promise.all(['source', 'audio', '144p'].map((id) => stream.playlist(id)));
    const marked = playlists.map(discontinuities);
    expect(marked[0]).toHaveLength(1);
    expect(new Set(marked.map((msns) => msns.join(' '))).size).toBe(1);
    const dates = heads.map(({ programDateTimeMs = 0 }) => programDateTimeMs);
    expect(Math.max(...dates) - Math.min(...dates)).toBeLessThan(25);
    const previous = listed(quiet).at(-1);
    expect(Math.min(...dates)).toBeGreaterThan(previous?.programDateTimeMs ?? Infinity);
    await stream.close();
  });
});

describe('scenario 21: the origin starts again', () => {
  let stream: LiveStream;

  beforeAll(async () => {
    stream = await LiveStream.start();
    await stream.until('media', 'source', ({ segments }) => segments.some(({ gap }) => !gap));
  });

  afterAll(() => stream.close());

  test('after SIGKILL the sequence does not fall and no name is used twice', async () => {
    const before = await stream.playlist('source');
    await stream.server.signal('SIGKILL');
    stream.source.kill();
    await stream.server.launch();
    await stream.publishAgain();
    await stream.playable();
    const after = await stream.until('media', 'source', (now) => listed(now).some(({ gap }) => gap !== true));
    expect(after.mediaSequence).toBeGreaterThan(before.mediaSequence);
    const names = new Set(namesOf(before));
    expect(namesOf(after).filter((name) => names.has(name))).toEqual([]);
  });
});

/** The head behind the newest discontinuity. */
function headAfter(playlist: MediaPlaylist): SegmentHead | undefined {
  return listed(playlist).findLast(({ discontinuity }) => discontinuity);
}

/** MSNs of the segments behind a discontinuity. */
function discontinuities(playlist: MediaPlaylist): number[] {
  return listed(playlist).flatMap(({ discontinuity }, at) =>
    discontinuity ? [playlist.mediaSequence + at] : [],
  );
}

function listed(playlist: MediaPlaylist): readonly (SegmentHead & Partial<MediaSegment>)[] {
  return playlist.open === undefined ? playlist.segments : [...playlist.segments, playlist.open];
}

function namesOf(playlist: MediaPlaylist): string[] {
  return listed(playlist).flatMap(({ uri, map, parts }) => [
    ...(uri === undefined ? [] : [uri]),
    ...(map === undefined ? [] : [map.uri]),
    ...parts.map((part) => part.uri),
  ]);
}
