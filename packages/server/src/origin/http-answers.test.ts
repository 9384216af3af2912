import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, OriginFixture } from './testing/fixture.ts';

let fixture: OriginFixture;

beforeEach(async () => {
  fixture = await OriginFixture.start();
  fixture.video.advance(53);
  fixture.audio.advance(53);
});
afterEach(() => fixture.close());

const SEGMENT = '/hls/live/720p/r.1700000004.m4s';
const PART = '/hls/live/720p/r.1700000005.1.m4s';

function expectCors({ headers }: Answer): void {
  expect(headers['access-control-allow-origin']).toBe('*');
  expect(headers['access-control-allow-credentials']).toBeUndefined();
  for (const name of ['Age', 'Date', 'Content-Length', 'Content-Range', 'X-Server-Time']) {
    expect(headers['access-control-expose-headers']).toContain(name);
  }
  expect(Math.abs(Number(headers['x-server-time']) - Date.now())).toBeLessThan(5000);
}

describe('Scenario 23: headers', () => {
  test.each<[string, string, number, string, string]>([
    [
      'plain playlist',
      '/hls/live/720p/index.m3u8',
      200,
      'public, max-age=0, s-maxage=1',
      'application/vnd.apple.mpegurl',
    ],
    [
      'playlist for an msn',
      '/hls/live/720p/index.m3u8?_HLS_msn=1700000003',
      200,
      'public, max-age=18',
      'application/vnd.apple.mpegurl',
    ],
    [
      'playlist for an msn that left the window',
      '/hls/live/720p/index.m3u8?_HLS_msn=0',
      200,
      'public, max-age=0, s-maxage=1',
      'application/vnd.apple.mpegurl',
    ],
    [
      'multivariant',
      '/hls/live/index.m3u8',
      200,
      'public, max-age=0, s-maxage=2',
      'application/vnd.apple.mpegurl',
    ],
    ['init', '/hls/live/720p/r.init-1.mp4', 200, 'public, max-age=31536000, immutable', 'video/mp4'],
    ['segment', SEGMENT, 200, 'public, max-age=31536000, immutable', 'video/mp4'],
    [
      'audio part',
      '/hls/live/audio/r.1700000005.1.m4s',
      200,
      'public, max-age=31536000, immutable',
      'audio/mp4',
    ],
    ['400', '/hls/live/720p/index.m3u8?_HLS_part=1', 400, 'no-store', 'text/plain; charset=utf-8'],
    ['404', '/hls/other/index.m3u8', 404, 'public, max-age=0, s-maxage=1', 'text/plain; charset=utf-8'],
    ['404 of a path', '/hls/live/../x', 404, 'public, max-age=0, s-maxage=1', 'text/plain; charset=utf-8'],
  ])('%s', async (_name, path, status, cacheControl, type) => {
    const answer = await fixture.get(path);
    expect(answer.status).toBe(status);
    expect(answer.headers['cache-control']).toBe(cacheControl);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
    expectCors(answer);
  });

  test('503 has CORS and may not be kept', async () => {
    const short = await OriginFixture.start({ limits: { maxHoldMs: 20 } });
    try {
      short.video.advance(3);
      const answer = await short.get(short.playlistPath('_HLS_msn=1700000000&_HLS_part=3'));
      expect(answer.status).toBe(503);
      expect(answer.headers['cache-control']).toBe('no-store');
      expectCors(answer);
    } finally {
      await short.close();
    }
  });

  test('405 names the methods that are allowed', async () => {
    const answer = await fixture.get(SEGMENT, {}, 'POST');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expectCors(answer);
  });

  test('a preflight allows Range from anywhere, without credentials', async () => {
    const answer = await fixture.get(
      SEGMENT,
      { origin: 'https://a.example', 'access-control-request-headers': 'range' },
      'OPTIONS',
    );
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-headers']).toContain('Range');
    expect(answer.headers['access-control-allow-methods']).toContain('GET');
    expectCors(answer);
  });

  test('a request outside /hls/ is not the origin’s', async () => {
    expect((await fixture.get('/other')).status).toBe(418);
  });
});

describe('compression (rule 59)', () => {
  test.each(['/hls/live/720p/index.m3u8', '/hls/live/index.m3u8', '/hls/live/720p/index.m3u8?_HLS_skip=YES'])(
    '%s is compressed when asked, and says that it varies',
    async (path) => {
      const plain = await fixture.get(path);
      const packed = await fixture.get(path, { 'accept-encoding': 'br, gzip;q=0.8' });
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(packed.headers['content-encoding']).toBe('gzip');
      expect([plain.headers.vary, packed.headers.vary]).toEqual(['Accept-Encoding', 'Accept-Encoding']);
      expect(gunzipSync(packed.body).toString()).toBe(plain.text);
      expect(packed.body.length).toBeLessThan(plain.body.length);
    },
  );

  test.each(['identity', 'br', 'gzip;q=0', 'gzip; q=0.0, br'])('"%s" gets it as it is', async (accepted) => {
    const answer = await fixture.get('/hls/live/720p/index.m3u8', { 'accept-encoding': accepted });
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  test('media is never compressed', async () => {
    const answer = await fixture.get(SEGMENT, { 'accept-encoding': 'gzip' });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.headers.vary).toBeUndefined();
  });
});

describe('ranges (RFC 9110 §14)', () => {
  test('a segment is the bytes of its parts', async () => {
    const parts = await Promise.all(
      Array.from({ length: 10 }, (_, part) => fixture.get(`/hls/live/720p/r.1700000004.${part}.m4s`)),
    );
    const segment = await fixture.get(SEGMENT);
    expect(segment.body).toEqual(Buffer.concat(parts.map((part) => part.body)));
    expect(segment.headers['accept-ranges']).toBe('bytes');
  });

  test.each([
    ['closed', 'bytes=990-1009', 990, 1010],
    ['one byte', 'bytes=0-0', 0, 1],
    ['open', 'bytes=9990-', 9990, 10_000],
    ['past the end', 'bytes=9000-99999', 9000, 10_000],
    ['suffix', 'bytes=-1500', 8500, 10_000],
    ['suffix longer than the body', 'bytes=-99999', 0, 10_000],
  ])('%s: 206', async (_name, range, from, to) => {
    const whole = await fixture.get(SEGMENT);
    const answer = await fixture.get(SEGMENT, { range });
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBe(`bytes ${from}-${to - 1}/10000`);
    expect(answer.headers['content-length']).toBe(String(to - from));
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(answer.body).toEqual(whole.body.subarray(from, to));
    expectCors(answer);
  });

  test.each(['bytes=10000-', 'bytes=10000-10001', 'bytes=-0'])('%s: 416', async (range) => {
    const answer = await fixture.get(SEGMENT, { range });
    expect(answer.status).toBe(416);
    expect(answer.headers['content-range']).toBe('bytes */10000');
    expectCors(answer);
  });

  test.each(['bytes=0-1,5-6', 'bytes=5-4', 'bytes=', 'bytes=a-b', 'items=0-1', 'bytes=0-1 '.repeat(50)])(
    '"%s" is ignored: 200 with everything',
    async (range) => {
      const answer = await fixture.get(SEGMENT, { range: range.trim() });
      expect([answer.status, answer.body.length]).toEqual([200, 10_000]);
    },
  );

  test('If-Range with another tag: 200 with everything', async () => {
    const { headers } = await fixture.get(SEGMENT);
    const same = await fixture.get(SEGMENT, { range: 'bytes=0-9', 'if-range': headers.etag ?? '' });
    const other = await fixture.get(SEGMENT, { range: 'bytes=0-9', 'if-range': '"other"' });
    expect([same.status, other.status]).toEqual([206, 200]);
  });
});

describe('conditional requests (RFC 9110 §13)', () => {
  test('If-None-Match with the tag: 304 without a body', async () => {
    const { headers } = await fixture.get(PART);
    const answer = await fixture.get(PART, { 'if-none-match': `W/"x", ${headers.etag}` });
    expect([answer.status, answer.body.length]).toEqual([304, 0]);
    expect(answer.headers.etag).toBe(headers.etag);
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expectCors(answer);
  });

  test('with another tag: 200', async () => {
    expect((await fixture.get(PART, { 'if-none-match': '"x"' })).status).toBe(200);
  });
});

describe('HEAD', () => {
  test.each([SEGMENT, '/hls/live/index.m3u8', '/hls/live/720p/index.m3u8', '/hls/nobody/index.m3u8'])(
    '%s: the headers of GET and no body',
    async (path) => {
      const got = await fixture.get(path);
      const head = await fixture.get(path, {}, 'HEAD');
      expect([head.status, head.body.length]).toEqual([got.status, 0]);
      expect(head.headers['content-length']).toBe(got.headers['content-length']);
    },
  );
});
