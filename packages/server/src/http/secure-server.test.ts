import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Origin } from '../origin/origin.ts';
import { FakeDirectory, FakePresentation, FakeRendition } from '../origin/testing/fake-presentation.ts';
import { until } from '../origin/testing/fixture.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { selfSignedIdentity } from './self-signed.ts';
import { HttpServer } from './server.ts';
import { connectHttp2, fetchHttp2, fetchOnce } from './testing/raw-client.ts';
import { loadTlsIdentity, type TlsIdentity, watchTlsFiles } from './tls-identity.ts';

let directory: string;
let identity: TlsIdentity;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallylight-tls-'));
  identity = await selfSignedIdentity(directory, Date.now());
});
afterAll(() => rm(directory, { recursive: true }));

describe('HTTP/2 and HTTP/1.1 by ALPN', () => {
  let server: HttpServer;
  let origin: Origin;
  let video: FakeRendition;
  let url: string;

  beforeEach(async () => {
    const streams = new FakeDirectory();
    video = new FakeRendition('720p', { partBytes: 100_000 }).advance(53);
    streams.streams.set('live', new FakePresentation('live', [video]));
    origin = new Origin({
      directory: streams,
      authorizer: { authorize: () => 'public' },
      clock: systemClock,
      log: silentLogger,
      limits: { tickMs: 10, drainTimeoutMs: 500 },
    });
    server = new HttpServer({
      host: '127.0.0.1',
      httpPort: 0,
      https: { port: 0, identity },
      handlers: [origin],
      log: silentLogger,
      limits: { closeGraceMs: 500 },
    });
    url = `https://127.0.0.1:${(await server.listen()).httpsPort}`;
  });
  afterEach(() => server.close());

  test('HTTP/1.1 over TLS', async () => {
    const answer = await fetchOnce(`${url}/hls/live/720p/index.m3u8`);
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  test('a WebSocket over TLS is handed over and does not count any more', async () => {
    server.onUpgrade('/socket.io/', (_request, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
      );
    });
    const socket = connectTls(Number(new URL(url).port), '127.0.0.1', { rejectUnauthorized: false });
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString();
    });
    socket.write('GET /socket.io/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await until(() => text.endsWith('hello'), 'switched');
    expect(server.connections).toBe(0);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await closed;
  });

  test('playlists, segments, ranges, HEAD and errors over one HTTP/2 connection', async () => {
    const session = connectHttp2(url);
    const get = (path: string, headers = {}) => fetchHttp2(session, { ':path': path, ...headers });
    const [playlist, packed, segment, range, head, missing, refused, known] = await Promise.all([
      get('/hls/live/720p/index.m3u8'),
      get('/hls/live/720p/index.m3u8', { 'accept-encoding': 'gzip' }),
      get('/hls/live/720p/r.1700000004.m4s'),
      get('/hls/live/720p/r.1700000004.m4s', { range: 'bytes=99990-100009' }),
      get('/hls/live/720p/r.1700000004.m4s', { ':method': 'HEAD' }),
      get('/hls/live/720p/nothing'),
      get('/hls/live/720p/index.m3u8?_HLS_part=1'),
      get('/hls/live/720p/r.1700000004.m4s', { 'if-none-match': '"r.1700000004.m4s"' }),
    ]);
    expect(gunzipSync(packed.body)).toEqual(playlist.body);
    expect(segment.body.length).toBe(1_000_000);
    expect(range.body).toEqual(segment.body.subarray(99_990, 100_010));
    expect([head.body.length, head.headers['content-length']]).toEqual([0, '1000000']);
    expect(
      [playlist, packed, segment, range, head, missing, refused, known].map((answer) => answer.status),
    ).toEqual([200, 200, 200, 206, 200, 404, 400, 304]);
    for (const answer of [playlist, segment, range, missing, refused, known]) {
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
    session.close();
  });

  test('100 reloads and a hinted part are held on one connection and released together', async () => {
    const session = connectHttp2(url);
    const reloads = Array.from({ length: 90 }, () =>
      fetchHttp2(session, { ':path': '/hls/live/720p/index.m3u8?_HLS_msn=1700000005&_HLS_part=3' }),
    );
    const part = fetchHttp2(session, { ':path': '/hls/live/720p/r.1700000005.3.m4s' });
    await until(() => origin.stats().held === 91, 'held');
    video.advance();
    expect(new Set((await Promise.all(reloads)).map((answer) => answer.status))).toEqual(new Set([200]));
    expect((await part).body.length).toBe(100_000);
    session.close();
  });

  test('a stream that the client resets is forgotten', async () => {
    const session = connectHttp2(url);
    const stream = session.request({ ':path': '/hls/live/720p/index.m3u8?_HLS_msn=1700000005&_HLS_part=3' });
    stream.on('error', () => {});
    await until(() => origin.stats().held === 1, 'held');
    stream.close(8);
    await until(() => origin.stats().held === 0, 'forgotten');
    session.close();
  });

  test('a client that goes away with requests waiting is forgotten', async () => {
    const session = connectHttp2(url);
    session.on('error', () => {});
    const stream = session.request({ ':path': '/hls/live/720p/index.m3u8?_HLS_msn=1700000005&_HLS_part=3' });
    stream.on('error', () => {});
    await until(() => origin.stats().held === 1, 'held');
    session.destroy();
    await until(() => origin.stats().held === 0, 'forgotten');
  });

  test('a stream whose window never opens is cut off', async () => {
    video.put('big.m4s', [Buffer.alloc(4 << 20)]);
    const session = connectHttp2(url);
    session.on('error', () => {});
    const stream = session.request({ ':path': '/hls/live/720p/big.m4s' });
    stream.on('error', () => {});
    stream.pause();
    await until(() => origin.stats().draining === 1, 'draining');
    await until(() => origin.stats().draining === 0, 'cut off');
    session.destroy();
  });

  test('close releases what waits and ends the sessions', async () => {
    const session = connectHttp2(url);
    const waiting = fetchHttp2(session, {
      ':path': '/hls/live/720p/index.m3u8?_HLS_msn=1700000005&_HLS_part=3',
    });
    await until(() => origin.stats().held === 1, 'held');
    await Promise.all([server.close(), waiting.then((answer) => expect(answer.status).toBe(503))]);
    await until(() => session.closed, 'session closed');
  });
});

describe('selfSignedIdentity', () => {
  test('is made once, kept where only we can read it, and made anew before it expires', async () => {
    const kept = join(directory, 'self-signed.pem');
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    const again = await selfSignedIdentity(directory, Date.now());
    expect(again.cert.trim()).toBe(identity.cert.trim());
    const later = await mkdtemp(join(tmpdir(), 'tallylight-tls-'));
    await writeFile(join(later, 'self-signed.pem'), await readFile(kept));
    const renewed = await selfSignedIdentity(later, Date.now() + 360 * 86_400_000);
    expect(renewed.cert).not.toBe(again.cert);
    await writeFile(join(later, 'self-signed.pem'), 'torn');
    expect((await selfSignedIdentity(later, Date.now())).cert).toContain('BEGIN CERTIFICATE');
    await rm(later, { recursive: true });
  });
});

describe('TLS files', () => {
  test('are reloaded when they change; what cannot be used leaves the old one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tallylight-tls-'));
    const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    await writeFile(files.certFile, identity.cert);
    await writeFile(files.keyFile, identity.key);
    expect(loadTlsIdentity(files).cert).toBe(identity.cert);
    const seen: TlsIdentity[] = [];
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (_fields: object, event: string) => void warnings.push(event) };
    const stop = watchTlsFiles(files, 20, log, (changed) => void seen.push(changed));
    await writeFile(files.certFile, 'torn');
    await until(() => warnings.length > 0, 'warned');
    expect(seen).toEqual([]);
    await writeFile(files.certFile, `${identity.cert}\n`);
    await until(() => seen.length > 0, 'reloaded');
    stop();
    await rm(folder, { recursive: true });
  });

  test('that do not fit together are refused by name', async () => {
    const other = await mkdtemp(join(tmpdir(), 'tallylight-tls-'));
    const foreign = await selfSignedIdentity(other, Date.now());
    const files = { certFile: join(other, 'cert.pem'), keyFile: join(other, 'key.pem') };
    await writeFile(files.certFile, identity.cert);
    await writeFile(files.keyFile, foreign.key);
    expect(() => loadTlsIdentity(files)).toThrow(files.certFile);
    await rm(other, { recursive: true });
  });
});
