import { spawnSync } from 'node:child_process';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { edgeOf } from '@tallylight/hls/rules/playlist-edge.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpAnswer, httpGet } from '../support/http-client.ts';
import { LiveStream, openMsn, openParts } from '../support/live-stream.ts';
import { requireAll } from '../support/newer-ffmpeg.ts';
import { NginxCache } from '../support/nginx-cache.ts';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;
if (!hasNginx) console.warn('an ordinary cache in front is not tested: there is no nginx');
const VIEWERS = 200;

/** Not here: Age and tune-in in two requests, since nginx sends no Age. */
describe.skipIf(!hasNginx && !requireAll)('scenario 24: an ordinary cache in front', () => {
  let stream: LiveStream;
  let cache: NginxCache;

  beforeAll(async () => {
    stream = await LiveStream.start();
    cache = await NginxCache.start(stream.server.httpPort);
  });

  afterAll(async () => {
    await cache.stop();
    await stream.close();
  });

  function through(id: string, query = ''): Promise<HttpAnswer> {
    return httpGet(cache.of(`${stream.rendition(id)}${query}`));
  }

  test(`${VIEWERS} viewers that wait for the same part are one request to us, and all in time`, async () => {
    const playlist = await stream.playlist('source');
    const query = `?_HLS_msn=${openMsn(playlist) + 1}&_HLS_part=1`;
    const [direct, ...viewers] = await Promise.all([
      stream.ask('source', query),
      ...Array.from({ length: VIEWERS }, () => through('source', query)),
    ]);
    expect(new Set(viewers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(viewers.filter(({ headers }) => headers['x-cache-status'] === 'MISS')).toHaveLength(1);
    for (const { body } of viewers) expect(body.equals(viewers[0]?.body ?? Buffer.alloc(0))).toBe(true);
    // nginx looks for a finished answer every half second when others wait for the same.
    expect(Math.max(...viewers.map(({ lastByteMs }) => lastByteMs)) - direct.firstByteMs).toBeLessThan(800);
  });

  test('media is kept for ever', async () => {
    const { segments } = await stream.until(
      'a segment',
      'source',
      (now) => now.segments.at(-1)?.gap === false,
    );
    const url = cache.of(stream.rendition('source', segments.at(-1)?.uri ?? ''));
    expect((await httpGet(url)).headers['x-cache-status']).toBe('MISS');
    expect((await httpGet(url)).headers['x-cache-status']).toBe('HIT');
  });

  test('a plain playlist is never older than it may be kept', async () => {
    for (let round = 0; round < 12; round++) {
      const [cached, fresh] = (await Promise.all([through('source'), stream.ask('source')])).map(({ body }) =>
        parseMediaPlaylist(body.toString()),
      );
      if (cached === undefined || fresh === undefined) throw new Error('no playlists');
      const [old, now] = [edgeOf(cached), edgeOf(fresh)];
      const lagSec = (now.msn - old.msn) * 1 + (now.part - old.part) * 0.2;
      // Half a target duration, which here is a second; nginx counts whole seconds, so it may add one, and a part of ours.
      expect(lagSec).toBeLessThanOrEqual(fresh.targetDurationSec / 2 + 1.25);
      await stream.ask('source', `?_HLS_msn=${openMsn(fresh)}&_HLS_part=${openParts(fresh)}`);
    }
  });

  test('errors are not kept', async () => {
    for (let round = 0; round < 2; round++) {
      const answer = await through('source', '?_HLS_msn=abc');
      expect([answer.status, answer.headers['x-cache-status']]).toEqual([400, 'MISS']);
    }
  });
});
