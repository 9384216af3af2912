import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpAnswer, httpGet } from '../support/http-client.ts';
import { LiveStream, openMsn, openParts } from '../support/live-stream.ts';
import { residentMb } from '../support/process-memory.ts';

const HELD = 1000;
const RENDITIONS = ['source', 'audio'] as const;

describe('scenario 20: the end of a stream', () => {
  let stream: LiveStream;

  beforeAll(async () => {
    stream = await LiveStream.start({ env: { RECONNECT_WINDOW_SEC: '3', HELD_RELOADS_PER_ADDRESS: '2000' } });
    await stream.until(
      'segments',
      'source',
      ({ segments }) => segments.filter(({ gap }) => !gap).length >= 2,
    );
  });

  afterAll(() => stream.close());

  test(`${HELD} held requests cost little memory and are all released when the stream ends`, async () => {
    await Promise.all(Array.from({ length: HELD }, () => httpGet(stream.url)));
    const beforeMb = await residentMb(stream.server.pid);
    await stream.source.stop();
    const playlist = await stream.playlist('source');
    const next = `?_HLS_msn=${openMsn(playlist)}&_HLS_part=${openParts(playlist) + 3}`;
    const waiting = Array.from({ length: HELD }, (_, at) => stream.ask(RENDITIONS[at % 2] ?? 'source', next));
    const hint = httpGet(stream.rendition('source', playlist.preloadHints[0]?.uri ?? ''));
    const first = await Promise.race(waiting);
    const heldMb = await residentMb(stream.server.pid);
    const answers: HttpAnswer[] = await Promise.all(waiting);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.filter(({ body }) => !body.includes('#EXT-X-ENDLIST'))).toEqual([]);
    const lastMs = Math.max(...answers.map(({ lastByteMs }) => lastByteMs));
    expect(lastMs - first.firstByteMs).toBeLessThan(1000);
    expect(first.firstByteMs - Math.max(...answers.map(({ sentMs }) => sentMs))).toBeGreaterThan(0);
    expect(heldMb - beforeMb).toBeLessThan(60);
    // 200 if what the publisher left behind was that part.
    expect([200, 404]).toContain((await hint).status);
  });

  test('every playlist ends alike: closed, without hint or open segment', async () => {
    for (const id of RENDITIONS) {
      const playlist = await stream.playlist(id);
      expect(playlist.endList).toBe(true);
      expect(playlist.preloadHints).toEqual([]);
      expect(playlist.open).toBeUndefined();
      for (const { uri, gap } of playlist.segments) {
        if (!gap) expect((await httpGet(stream.rendition(id, uri))).status).toBe(200);
      }
    }
    const lasts = await Promise.all(RENDITIONS.map(async (id) => openMsn(await stream.playlist(id))));
    expect(new Set(lasts).size).toBe(1);
  });

  test('directives are ignored after the end, wrong ones as well', async () => {
    const plain = (await stream.ask('source')).body.toString();
    for (const query of ['?_HLS_msn=99999999999', '?_HLS_part=1', '?_HLS_msn=abc', '?_HLS_skip=YES']) {
      const answer = await stream.ask('source', query);
      expect(answer.status).toBe(200);
      expect(answer.body.toString()).toBe(plain);
      expect(answer.lastByteMs - answer.sentMs).toBeLessThan(150);
    }
  });

  test('FFmpeg plays what is left', async () => {
    const playlist = parseMediaPlaylist((await stream.ask('source')).body.toString());
    const real = playlist.segments.filter(({ gap }) => !gap);
    const { stdout, stderr } = await promisify(execFile)('ffprobe', [
      ...[
        '-v',
        'error',
        '-count_frames',
        '-show_entries',
        'stream=codec_type,nb_read_frames',
        '-of',
        'csv=p=0',
      ],
      stream.rendition('source'),
    ]);
    const frames = Number(/video,(\d+)/.exec(stdout)?.[1]);
    const seconds = real.reduce((sum, { durationSec }) => sum + durationSec, 0);
    expect(Math.abs(frames - seconds * 30)).toBeLessThanOrEqual(2);
    expect(stderr).not.toMatch(/Invalid data|corrupt|error while decoding/i);
  });
});
