import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { apiRoutes } from './api-routes.ts';
import { HttpServer } from './server.ts';
import { StaticFiles } from './static-files.ts';
import { fetchOnce } from './testing/raw-client.ts';

const PAGE = `<!doctype html><title>watch</title>${'<p>x</p>'.repeat(100)}`;

let directory: string;
let server: HttpServer;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallylight-web-'));
  const app = join(directory, 'app');
  await mkdir(join(app, 'assets'), { recursive: true });
  await writeFile(join(app, 'index.html'), PAGE);
  await writeFile(join(app, 'assets', 'main-abc123.js'), 'let x = 1;'.repeat(50));
  await writeFile(join(directory, 'secret.txt'), 'secret');
  await symlink(join(directory, 'secret.txt'), join(app, 'link.txt'));
  server = new HttpServer({
    host: '127.0.0.1',
    httpPort: 0,
    handlers: [
      apiRoutes({
        clock: { now: () => 1_700_000_000_123.4, monotonicMs: () => 0 },
        liveStreams: () => [{ streamId: 'a', playlistUrl: '/hls/a/index.m3u8', startedAtMs: 5 }],
      }),
      await StaticFiles.load(app),
    ],
    log: silentLogger,
  });
  url = `http://127.0.0.1:${(await server.listen()).httpPort}`;
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

describe('StaticFiles', () => {
  test.each(['/', '/index.html', '/watch/live', '/watch/live?x=1', '/studio', '/network-test', '/account'])(
    '%s is the page, with its headers',
    async (path) => {
      const { status, body, headers } = await fetchOnce(url, { path });
      expect([status, body.toString()]).toEqual([200, PAGE]);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-cache');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("media-src 'self' blob:");
      expect(headers['content-security-policy']).toContain("worker-src 'self' blob:");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('strict-origin-when-cross-origin');
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['strict-transport-security']).toBeUndefined();
    },
  );

  test('hashed assets never change, and are compressed', async () => {
    const { headers, body } = await fetchOnce(`${url}/assets/main-abc123.js`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(body).length).toBe(500);
  });

  test('what the client has is 304', async () => {
    const { headers } = await fetchOnce(url);
    const again = await fetchOnce(url, { headers: { 'if-none-match': headers.etag ?? '' } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..\\secret.txt',
    '//secret.txt',
    '/link.txt',
    '/assets',
    '/watch/',
    '/watch/a/b',
    '/studio/',
    '/__proto__',
    '/%00',
  ])('%s is 404', async (path) => {
    expect((await fetchOnce(url, { path })).status).toBe(404);
  });

  test('HEAD has no body', async () => {
    const { status, body, headers } = await fetchOnce(url, { method: 'HEAD' });
    expect([status, body.length, headers['content-length']]).toEqual([200, 0, String(PAGE.length)]);
  });

  test('other methods are not for files', async () => {
    expect((await fetchOnce(url, { method: 'POST' })).status).toBe(404);
  });

  test('a directory that is missing is told to the caller', async () => {
    await expect(StaticFiles.load(join(directory, 'none'))).rejects.toThrow('ENOENT');
  });
});

describe('apiRoutes', () => {
  test('/healthz', async () => {
    expect((await fetchOnce(`${url}/healthz`)).body.toString()).toBe('ok\n');
  });

  test('/api/time is the server’s clock, for every page, never kept', async () => {
    const { body, headers } = await fetchOnce(`${url}/api/time?x`);
    expect(JSON.parse(body.toString())).toEqual({ epochMs: 1_700_000_000_123 });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('/api/live lists what is live', async () => {
    const { body } = await fetchOnce(`${url}/api/live`);
    expect(JSON.parse(body.toString())).toEqual({
      streams: [{ streamId: 'a', playlistUrl: '/hls/a/index.m3u8', startedAtMs: 5 }],
    });
  });

  test('other methods are 405, a preflight is 204', async () => {
    expect((await fetchOnce(`${url}/api/time`, { method: 'POST' })).status).toBe(405);
    expect((await fetchOnce(`${url}/api/time`, { method: 'OPTIONS' })).status).toBe(204);
  });
});
