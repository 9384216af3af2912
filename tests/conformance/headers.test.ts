import { connect } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpAnswer, httpGet } from '../support/http-client.ts';
import { LiveStream, openMsn, openParts } from '../support/live-stream.ts';

describe('scenario 23: headers', () => {
  let stream: LiveStream;
  let segmentUrl: string;
  let segment: HttpAnswer;

  beforeAll(async () => {
    stream = await LiveStream.start({ tls: true });
    const playlist = await stream.until(
      'a segment',
      'source',
      ({ segments }) => segments.at(-1)?.gap === false,
    );
    segmentUrl = stream.rendition('source', playlist.segments.at(-1)?.uri ?? '');
    segment = await httpGet(segmentUrl);
  });

  afterAll(() => stream.close());

  test('playlists: type, gzip when accepted, Vary, CORS', async () => {
    for (const url of [stream.url, stream.rendition('source'), stream.rendition('audio')]) {
      const plain = await httpGet(url);
      expect(plain.headers).toMatchObject({
        'content-type': 'application/vnd.apple.mpegurl',
        'access-control-allow-origin': '*',
        'content-length': String(plain.body.length),
      });
      expect(plain.headers.vary).toMatch(/accept-encoding/i);
      expect(plain.headers['content-encoding']).toBeUndefined();
      const packed = await httpGet(url, { headers: { 'accept-encoding': 'gzip' } });
      expect(packed.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(packed.body).toString()).toMatch(/^#EXTM3U\n/);
      const refused = await httpGet(url, { headers: { 'accept-encoding': 'gzip;q=0, br' } });
      expect(refused.headers['content-encoding']).toBeUndefined();
    }
  });

  test('a plain playlist is fresh for less than half a target duration, a blocking one for six', async () => {
    const playlist = await stream.playlist('source');
    const plain = await stream.ask('source');
    expect(seconds(plain, 's-maxage')).toBeLessThanOrEqual(playlist.targetDurationSec / 2);
    const query = `?_HLS_msn=${openMsn(playlist)}&_HLS_part=${openParts(playlist)}`;
    expect(seconds(await stream.ask('source', query), 'max-age')).toBe(6 * playlist.targetDurationSec);
  });

  test('media: type, for ever, never gzip', async () => {
    const playlist = await stream.playlist('source');
    const part = playlist.segments.at(-1)?.parts[0]?.uri ?? '';
    const urls = [
      segmentUrl,
      stream.rendition('source', part),
      stream.rendition('source', playlist.segments.at(-1)?.map?.uri ?? ''),
    ];
    for (const url of urls) {
      const answer = await httpGet(url, { headers: { 'accept-encoding': 'gzip' } });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^video\/(mp4|iso\.segment)$/);
      expect(answer.headers['cache-control']).toContain('immutable');
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
    const audio = await stream.playlist('audio');
    const map = await httpGet(stream.rendition('audio', audio.segments.at(-1)?.map?.uri ?? ''));
    expect(map.headers['content-type']).toBe('audio/mp4');
  });

  test.each([
    { range: 'bytes=0-99', from: 0, to: 99 },
    { range: 'bytes=100-', from: 100, to: undefined },
    { range: 'bytes=-50', from: -50, to: undefined },
    { range: 'bytes=10-99999999', from: 10, to: undefined },
  ])('$range gives those bytes of a segment', async ({ range, from, to }) => {
    const answer = await httpGet(segmentUrl, { headers: { range } });
    const whole = segment.body;
    const first = from < 0 ? whole.length + from : from;
    const last = to ?? whole.length - 1;
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBe(`bytes ${first}-${last}/${whole.length}`);
    expect(answer.body.equals(whole.subarray(first, last + 1))).toBe(true);
    expect(answer.headers['access-control-expose-headers']).toMatch(/Content-Range/);
  });

  test('a range beyond the end is 416 and says how long the segment is', async () => {
    const answer = await httpGet(segmentUrl, { headers: { range: 'bytes=99999999-' } });
    expect(answer.status).toBe(416);
    expect(answer.headers['content-range']).toBe(`bytes */${segment.body.length}`);
  });

  test('304 for what the client has', async () => {
    const answer = await httpGet(segmentUrl, { headers: { 'if-none-match': segment.headers.etag ?? '' } });
    expect(answer.status).toBe(304);
    expect(answer.body.length).toBe(0);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  test('errors can be read by pages of other origins, and are not kept', async () => {
    const bad = await stream.ask('source', '?_HLS_msn=abc');
    const missing = await httpGet(stream.rendition('source', 'none.1.m4s'));
    const wrong = await httpGet(stream.url, { method: 'POST' });
    expect([bad.status, missing.status, wrong.status]).toEqual([400, 404, 405]);
    for (const { headers } of [bad, missing, wrong]) expect(headers['access-control-allow-origin']).toBe('*');
    expect(bad.headers['cache-control']).toBe('no-store');
    expect(seconds(missing, 's-maxage')).toBeLessThanOrEqual(1);
    expect(wrong.headers.allow).toContain('GET');
  });

  test('HEAD gives the headers of GET; a preflight allows Range', async () => {
    const head = await httpGet(segmentUrl, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.body.length).toBe(0);
    expect(head.headers['content-length']).toBe(String(segment.body.length));
    const preflight = await httpGet(segmentUrl, {
      method: 'OPTIONS',
      headers: { origin: 'https://example.org', 'access-control-request-headers': 'range' },
    });
    expect(preflight.status).toBeLessThan(300);
    expect(preflight.headers['access-control-allow-headers']).toMatch(/range/i);
  });

  test('HTTP/2 over TLS serves the same bytes, and holds reloads side by side', async () => {
    const session = connect(stream.server.httpsUrl, { rejectUnauthorized: false });
    try {
      const path = new URL(segmentUrl).pathname;
      expect((await over(session, path)).body.equals(segment.body)).toBe(true);
      const playlist = await stream.playlist('source');
      const playlistPath = new URL(stream.rendition('source')).pathname;
      const query = `?_HLS_msn=${openMsn(playlist)}&_HLS_part=${openParts(playlist) + 1}`;
      const held = Array.from({ length: 20 }, () => over(session, `${playlistPath}${query}`));
      for (const { status, body } of await Promise.all(held)) {
        expect(status).toBe(200);
        expect(body.toString()).toMatch(/^#EXTM3U\n/);
      }
    } finally {
      session.close();
    }
  });
});

function seconds({ headers }: HttpAnswer, directive: string): number {
  const match = new RegExp(`(?:^|[ ,])${directive}=(\\d+)`).exec(headers['cache-control'] ?? '');
  return match === null ? Number.NaN : Number(match[1]);
}

function over(session: ReturnType<typeof connect>, path: string): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = session.request({ ':path': path });
    const pieces: Buffer[] = [];
    let status = 0;
    request.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => resolve({ status, body: Buffer.concat(pieces) }));
    request.on('error', reject);
    request.end();
  });
}
