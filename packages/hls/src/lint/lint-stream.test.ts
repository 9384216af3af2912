import { describe, expect, test } from 'vitest';
import { livePlaylist } from '../live-playlist.fixture.ts';
import type { MediaPlaylist } from '../media-playlist.ts';
import { decideReload, isSatisfied } from '../rules/blocking-reload.ts';
import { makeDelta } from '../rules/delta-update.ts';
import { edgeOf } from '../rules/playlist-edge.ts';
import { parseReloadQuery } from '../rules/reload-query.ts';
import { writeMediaPlaylist } from '../write-media-playlist.ts';
import { lintStream } from './lint-stream.ts';
import type { PlaylistResponse } from './playlist-source.ts';

const LADDER = `#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1600000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="audio"
720p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,URI="iframes.m3u8"
`;

/** An origin and a clock without time: time passes by one part whenever a request would be held. */
class SimulatedOrigin {
  readonly requests: string[] = [];
  /** Parts since the start; there are ten to a segment. */
  #parts = 203;
  #nowMs = 0;
  /** Changes what is served, for faults. */
  fault: (playlist: MediaPlaylist, url: string) => MediaPlaylist = (playlist) => playlist;
  endAfterParts = Infinity;

  readonly clock = {
    monotonicMs: () => this.#nowMs,
    sleep: (ms: number) => {
      this.#nowMs += ms;
      return Promise.resolve();
    },
  };

  readonly fetch = (url: string): Promise<PlaylistResponse> => {
    this.requests.push(url);
    const { pathname, search } = new URL(url);
    if (pathname === '/s/index.m3u8') return Promise.resolve(answer(LADDER));
    const rendition = pathname.split('/')[2];
    if (rendition !== '720p' && rendition !== 'audio') return Promise.resolve({ ...answer(''), status: 404 });
    const query = parseReloadQuery(search.slice(1));
    if (query.action === 'reject') return Promise.resolve({ ...answer(''), status: 400 });
    const decision = decideReload(query.request, { ...this.#state(rendition) });
    if (decision.action === 'reject') return Promise.resolve({ ...answer(''), status: 400 });
    while (decision.action === 'hold' && !isSatisfied(decision.until, edgeOf(this.#playlist(rendition)))) {
      this.#parts++;
      this.#nowMs += 200;
    }
    const full = this.fault(this.#playlist(rendition), url);
    return Promise.resolve(answer(writeMediaPlaylist(query.skip === undefined ? full : makeDelta(full))));
  };

  #state(rendition: string) {
    const playlist = this.#playlist(rendition);
    return {
      edge: edgeOf(playlist),
      mediaSequence: playlist.mediaSequence,
      partCount: (msn: number) => playlist.segments[msn - playlist.mediaSequence]?.parts.length,
      partTargetSec: playlist.partTargetSec,
      endList: playlist.endList,
    };
  }

  #playlist(rendition: string): MediaPlaylist {
    const end = 100 + Math.floor(this.#parts / 10);
    const openParts = this.#parts % 10;
    const playlist = livePlaylist({ segments: 15, openParts, mediaSequence: end - 15 });
    const edge = edgeOf(playlist);
    const uri = `../${rendition === 'audio' ? '720p' : 'audio'}/index.m3u8`;
    const renditionReports = [{ uri, lastMsn: edge.msn, lastPart: edge.part }];
    if (this.#parts < this.endAfterParts) return { ...playlist, renditionReports };
    const { open: _, ...closed } = playlist;
    return { ...closed, renditionReports, endList: true };
  }
}

function answer(text: string): PlaylistResponse {
  return { status: 200, url: '', text: () => Promise.resolve(text) };
}

function lint(origin: SimulatedOrigin, seconds: number, path = 'index.m3u8') {
  const { fetch, clock } = origin;
  return lintStream({ url: `https://example.com/s/${path}`, seconds, fetch, clock });
}

describe('lintStream', () => {
  test('follows every media playlist with blocking reloads and deltas, and finds nothing wrong', async () => {
    const origin = new SimulatedOrigin();
    const report = await lint(origin, 20);
    expect(report).toMatchObject({ findings: [], problems: [], ok: true, leftOut: 0 });
    expect(report.playlists.map(({ url }) => url)).toEqual([
      'https://example.com/s/720p/index.m3u8',
      'https://example.com/s/audio/index.m3u8',
    ]);
    for (const { versions } of report.playlists) expect(versions).toBeGreaterThan(30);
    expect(origin.requests.some((url) => /_HLS_msn=\d+&_HLS_part=\d+&_HLS_skip=YES$/.test(url))).toBe(true);
  });

  test('reads each playlist once without a duration, and a media playlist alone', async () => {
    const origin = new SimulatedOrigin();
    const report = await lint(origin, 0);
    expect(report.playlists.map(({ versions }) => versions)).toEqual([1, 1]);
    const alone = await lint(origin, 0, '720p/index.m3u8');
    expect(alone).toMatchObject({ ok: true, findings: [], playlists: [{ versions: 1 }] });
  });

  test('stops when the stream ends', async () => {
    const origin = new SimulatedOrigin();
    origin.endAfterParts = 220;
    const report = await lint(origin, 3600);
    expect(report).toMatchObject({ findings: [], problems: [] });
  });

  test('finds a fault that only some versions show, and names the playlist', async () => {
    const origin = new SimulatedOrigin();
    origin.fault = (playlist, url) =>
      url.includes('720p') && playlist.mediaSequence > 107 ? { ...playlist, partTargetSec: 0.22 } : playlist;
    const report = await lint(origin, 20);
    expect(report.ok).toBe(false);
    expect(report.findings).toContainEqual({
      rule: 14,
      level: 'MUST',
      words: 'PART-TARGET went from 0.216 to 0.22',
      line: 5,
      playlist: 'https://example.com/s/720p/index.m3u8',
    });
  });

  test('MUST 27: a held reload that is answered too early', async () => {
    const origin = new SimulatedOrigin();
    const frozen = livePlaylist({ segments: 15, openParts: 3, mediaSequence: 105 });
    origin.fault = () => frozen;
    const report = await lint(origin, 2, '720p/index.m3u8');
    expect(report.findings.map(({ rule }) => rule)).toContain(27);
  });

  test('MUST 42: a delta that the base does not fit', async () => {
    const origin = new SimulatedOrigin();
    origin.fault = (playlist, url) =>
      url.includes('_HLS_skip') ? { ...playlist, mediaSequence: playlist.mediaSequence - 9 } : playlist;
    const report = await lint(origin, 5, '720p/index.m3u8');
    expect(report.findings.map(({ rule }) => rule)).toContain(42);
  });

  test('what the server fails to give is a problem, not an exception', async () => {
    const origin = new SimulatedOrigin();
    const missing = await lint(origin, 0, 'other/index.m3u8');
    expect(missing).toMatchObject({
      ok: false,
      problems: ['https://example.com/s/other/index.m3u8: status 404'],
    });
    const refused = await lintStream({
      url: 'https://example.com/s/index.m3u8',
      seconds: 0,
      fetch: () => Promise.reject(new Error('connection refused')),
      clock: origin.clock,
    });
    expect(refused.problems).toEqual(['https://example.com/s/index.m3u8: connection refused']);
  });
});
