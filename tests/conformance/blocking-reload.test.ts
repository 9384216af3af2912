import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { edgeOf } from '@tallylight/hls/rules/playlist-edge.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveStream, openMsn, openParts } from '../support/live-stream.ts';

/** What an answer at once may take: there is one server and two cores for all of this. */
const AT_ONCE_MS = 150;

describe('scenarios 6 to 11: blocking reload', () => {
  let stream: LiveStream;

  beforeAll(async () => {
    stream = await LiveStream.start({ clip: { seconds: 60 } });
    await stream.until(
      'some segments',
      'source',
      ({ segments }) => segments.filter(({ gap }) => !gap).length >= 3,
    );
  });

  afterAll(() => stream.close());

  /** The playlist early in a segment, so that the numbers asked for are not overtaken. */
  function early(parts = 2): ReturnType<LiveStream['until']> {
    return stream.until('an early part', 'source', (playlist) => [1, parts].includes(openParts(playlist)));
  }

  test('6: the next part is answered within a part, and never early', async () => {
    let playlist = await stream.playlist('source');
    let beforeMs = 0;
    const waits: number[] = [];
    for (let round = 0; round < 15; round++) {
      const edge = edgeOf(playlist);
      const [msn, part] = edge.complete ? [edge.msn + 1, 0] : [edge.msn, edge.part + 1];
      const answer = await stream.ask('source', `?_HLS_msn=${msn}&_HLS_part=${part}`);
      expect(answer.status).toBe(200);
      playlist = parseMediaPlaylist(answer.body.toString());
      const now = edgeOf(playlist);
      expect(now.msn * 100 + now.part).toBeGreaterThanOrEqual(msn * 100 + part);
      if (round > 0) waits.push(answer.firstByteMs - beforeMs);
      beforeMs = answer.firstByteMs;
    }
    const partMs = (playlist.partTargetSec ?? 0) * 1000;
    expect(waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)]).toBeLessThan(partMs + 50);
    expect(Math.max(...waits)).toBeLessThan(2 * partMs + 100);
  });

  test('7: five hundred clients that ask for the same get the same bytes', async () => {
    const playlist = await early();
    const query = `?_HLS_msn=${openMsn(playlist) + 1}&_HLS_part=1`;
    const answers = await Promise.all(Array.from({ length: 500 }, () => stream.ask('source', query)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(1);
    const arrivals = answers.map(({ lastByteMs }) => lastByteMs);
    expect(Math.max(...arrivals) - Math.min(...arrivals)).toBeLessThan(500);
  });

  test('8: a part beyond a complete segment is the first of the next', async () => {
    const playlist = await early();
    const complete = openMsn(playlist) - 1;
    const count = playlist.segments.at(-1)?.parts.length ?? 0;
    for (const part of [count, 99]) {
      const answer = await stream.ask('source', `?_HLS_msn=${complete}&_HLS_part=${part}`);
      expect(answer.status).toBe(200);
      expect(answer.lastByteMs - answer.sentMs).toBeLessThan(AT_ONCE_MS);
    }
  });

  test('9: an old or complete segment is answered at once with the present playlist', async () => {
    const playlist = await early();
    const complete = openMsn(playlist) - 1;
    for (const msn of [0, playlist.mediaSequence - 1, complete - 1, complete]) {
      const answer = await stream.ask('source', `?_HLS_msn=${msn}`);
      expect(answer.status).toBe(200);
      expect(answer.lastByteMs - answer.sentMs).toBeLessThan(AT_ONCE_MS);
      expect(openMsn(parseMediaPlaylist(answer.body.toString()))).toBeGreaterThan(complete);
    }
  });

  test('10: two segments ahead is held, more is refused', async () => {
    const complete = openMsn(await early()) - 1;
    const [held, ...refused] = await Promise.all([
      stream.ask('source', `?_HLS_msn=${complete + 2}&_HLS_part=0`),
      stream.ask('source', `?_HLS_msn=${complete + 3}`),
      stream.ask('source', `?_HLS_msn=${complete + 3}&_HLS_part=0`),
      stream.ask('source', `?_HLS_msn=${complete + 1}&_HLS_part=60`),
      stream.ask('source', '?_HLS_part=1'),
      stream.ask('source', '?_HLS_msn=abc'),
      stream.ask('source', '?_HLS_msn=-1'),
      stream.ask('source', '?_HLS_msn='),
      stream.ask('source', '?_HLS_msn=9223372036854775808'),
      stream.ask('source', `?_HLS_msn=${complete + 1}&_HLS_part=x`),
    ]);
    expect(refused.map(({ status }) => status)).toEqual(Array<number>(9).fill(400));
    for (const { headers } of refused) expect(headers['cache-control']).toBe('no-store');
    expect(held.status).toBe(200);
    expect(openMsn(parseMediaPlaylist(held.body.toString()))).toBeGreaterThanOrEqual(complete + 2);
    expect(held.firstByteMs - held.sentMs).toBeGreaterThan(300);
  });

  test('10: a segment without a part is held until it is there', async () => {
    const open = openMsn(await early());
    const answer = await stream.ask('source', `?_HLS_msn=${open}`);
    expect(answer.status).toBe(200);
    expect(openMsn(parseMediaPlaylist(answer.body.toString()))).toBeGreaterThan(open);
  });

  test('11: a frozen source ends a wait with 503 after three target durations, and comes back', async () => {
    stream.source.pause();
    const playlist = await stream.playlist('source');
    const target = `?_HLS_msn=${openMsn(playlist)}&_HLS_part=${openParts(playlist) + 2}`;
    const answer = await stream.ask('source', target);
    expect(answer.status).toBe(503);
    expect(answer.headers['cache-control']).toBe('no-store');
    const heldSec = (answer.firstByteMs - answer.sentMs) / 1000;
    expect(heldSec).toBeGreaterThan(3 * playlist.targetDurationSec - 0.5);
    expect(heldSec).toBeLessThan(3 * playlist.targetDurationSec + 1);
    stream.source.resume();
    await stream.until('new segments', 'source', (now) => openMsn(now) > openMsn(playlist) + 1);
  });
});
