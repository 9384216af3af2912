import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMediaPlaylist } from '../../packages/hls/src/parse-media-playlist.ts';
import { parseMultivariantPlaylist } from '../../packages/hls/src/parse-multivariant-playlist.ts';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { type OwnStream, Person, Product } from '../support/product.ts';
import { FfmpegPublisher, patternArgs } from '../support/publisher.ts';
import { secretsIn } from '../support/secret-spellings.ts';
import { waitFor } from '../support/wait-for.ts';

/** Where the viewer seems to come from (RFC 5737): the tests themselves are a proxy that the server trusts. */
const VIEWER_ADDRESS = '198.51.100.77';
const EMAIL = 'canary.of.vera@secret-mail.example';
const METRICS_TOKEN = 'a-token-that-opens-figures-4711';
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
/** What a player without a browser would offer; nobody is behind it. */
const FINGERPRINT = Array.from({ length: 32 }, (_, at) => at.toString(16).padStart(2, '0').toUpperCase());
const OFFER = [
  ...['v=0', 'o=- 42 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0'],
  ...['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=recvonly', 'a=rtcp-mux'],
  ...['a=ice-ufrag:peer', 'a=ice-pwd:0123456789012345678901', 'a=setup:actpass'],
  `a=fingerprint:sha-256 ${FINGERPRINT.join(':')}`,
  ...['a=rtpmap:96 H264/90000', 'a=rtcp-fb:96 nack pli'],
  'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  '',
].join('\r\n');

const VISIBILITIES = ['public', 'private'] as const;
type Visibility = (typeof VISIBILITIES)[number];

describe('secrets are in nothing that viewers get of a broadcast, and in no line of the log (AVideo CVE-2026-86727, CVE-2026-82645)', () => {
  let product: Product;
  let vera: Person;
  let viewer: Person;
  let watchToken: string;
  const streams = new Map<Visibility, OwnStream>();
  const publishers: FfmpegPublisher[] = [];
  const sockets: Socket[] = [];
  const secrets = new Map<string, string>();
  /** What viewers were given, by what it is. */
  const given = new Map<string, string>();

  beforeAll(async () => {
    product = await Product.start({
      env: { ...QUICK_ENV, LOG_LEVEL: 'debug', METRICS_TOKEN, TRUSTED_PROXIES: '127.0.0.1/32' },
    });
    const password = 'Vera has a long password';
    vera = await Person.signUp(product.server.url, { name: 'Vera', email: EMAIL, password });
    viewer = await product.signUp('Victor');
    for (const visibility of VISIBILITIES) {
      const stream = await vera.stream({ title: `A ${visibility} stream`, visibility });
      streams.set(visibility, stream);
      secrets.set(`stream key, ${visibility}`, stream.streamKey);
      const url = `${product.server.rtmpUrl}/${stream.streamKey}`;
      const picture = { size: '320x180', fps: 15, bitrate: '200k', seconds: 120 };
      publishers.push(FfmpegPublisher.start(patternArgs(url, picture)));
      await vera.must('PUT', `/api/channels/${stream.channelId}/members/${viewer.id}`, { role: 'viewer' });
    }
    const made = await vera.must('POST', '/api/me/tokens', { name: 'canary', scopes: ['read'] });
    watchToken = String((await viewer.must('GET', `/api/streams/${idOf('private')}/hls`))['token']);
    secrets.set('watch token', watchToken);
    secrets.set('API token', String(made['token']));
    secrets.set('session token', vera.token);
    secrets.set('session token of the viewer', viewer.token);
    secrets.set('password', password);
    secrets.set('e-mail address', EMAIL);
    secrets.set('address of the viewer', VIEWER_ADDRESS);
    secrets.set('token of the figures', METRICS_TOKEN);
  });

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await Promise.all(publishers.map((publisher) => publisher.stop('SIGKILL')));
    await product?.stop();
  });

  const idOf = (visibility: Visibility): string => streams.get(visibility)?.id ?? '';
  const found = (): string[] =>
    [...given].flatMap(([what, text]) => secretsIn(text, secrets).map((name) => `${name} in ${what}`));

  /** Asks as the viewer, from their address, and keeps the answer: headers and bytes. */
  async function take(
    what: string,
    url: string,
    options: {
      readonly token?: string;
      readonly method?: string;
      readonly body?: string;
      readonly type?: string;
    } = {},
  ): Promise<Buffer> {
    const { token, method = 'GET', body, type = 'application/json' } = options;
    const answer = await fetchOnce(new URL(url, product.server.url).href, {
      method,
      headers: {
        'X-Forwarded-For': VIEWER_ADDRESS,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': type }),
      },
      ...(body === undefined ? {} : { body }),
    });
    given.set(what, `${JSON.stringify(answer.headers)}\n${answer.body.toString('latin1')}`);
    expect({ what, status: answer.status }).toEqual({
      what,
      status: expect.toSatisfy((status) => status < 300),
    });
    return answer.body;
  }

  test('the search finds them', () => {
    expect(secrets.size).toBe(10);
    expect(secretsIn(`x${Buffer.from(`/${watchToken}/`).toString('base64')}`, secrets)).toEqual([
      'watch token',
    ]);
    expect(secretsIn(`"${encodeURIComponent(EMAIL)}"`, secrets)).toEqual(['e-mail address']);
  });

  test.each(VISIBILITIES)(
    'playlists, init segments, parts and segments of a %s stream',
    async (visibility) => {
      const inPath = visibility === 'private' ? `t/${watchToken}/` : '';
      const url = `${product.server.url}/hls/${inPath}${idOf(visibility)}/index.m3u8`;
      await waitFor('the playlist', async () => (await fetchOnce(url)).status === 200, 20_000);
      const { variants, renditions } = parseMultivariantPlaylist(
        (await take(`${visibility} multivariant playlist`, url)).toString(),
      );
      const media = [...new Set([...variants, ...renditions].flatMap(({ uri }) => uri ?? []))];
      expect(media.length).toBeGreaterThan(0);
      for (const uri of media) {
        const at = new URL(uri, url).href;
        // Until there is a whole segment with its parts.
        const list = await waitFor(
          `a segment of ${uri}`,
          async () => {
            const { body } = await fetchOnce(at);
            const read = parseMediaPlaylist(body.toString());
            // Gaps stand before a stream's first segment, with parts: nothing is there.
            return read.segments.some(({ gap, parts }) => !gap && parts.length > 0) ? read : undefined;
          },
          20_000,
        );
        await take(`${visibility} media playlist ${uri}`, at);
        // The newest: older ones may go while they are asked for.
        const segment = list.segments.findLast(({ gap, parts }) => !gap && parts.length > 0);
        const bytes = [segment?.map?.uri, segment?.uri, ...(segment?.parts ?? []).map((part) => part.uri)];
        for (const each of new Set(bytes.flatMap((one) => one ?? [])))
          await take(`${visibility} bytes ${uri} ${each}`, new URL(each, at).href);
      }
      expect(given.size).toBeGreaterThan(5);
      expect(found()).toEqual([]);
    },
  );

  test('thumbnails, WHEP answers, lists, health and figures', async () => {
    for (const visibility of VISIBILITIES) {
      const id = idOf(visibility);
      const { thumbnailUrl } = await putPicture(id);
      expect(
        (await take(`${visibility} thumbnail`, thumbnailUrl, { token: viewer.token })).length,
      ).toBeGreaterThan(100);
      const token = visibility === 'private' ? { token: watchToken } : {};
      const sdp = { method: 'POST', body: OFFER, type: 'application/sdp', ...token };
      expect((await take(`${visibility} WHEP answer`, `/whep/${id}`, sdp)).toString()).toContain(
        'a=ice-ufrag',
      );
      const session = { method: 'POST', body: JSON.stringify({ sessionId: v7() }), token: viewer.token };
      const { secret } = JSON.parse((await take('', `/api/streams/${id}/viewers`, session)).toString()) as {
        secret: string;
      };
      given.delete('');
      secrets.set(`secret of a viewer session, ${visibility}`, secret);
      for (const path of ['', '/chat', '/viewers', '/reactions', '/questions'])
        await take(`${visibility} stream${path}`, `/api/streams/${id}${path}`, { token: viewer.token });
    }
    for (const path of [
      '/api/live',
      '/api/streams/live',
      '/healthz',
      '/readyz',
      '/api/ice-servers',
      '/api/openapi.json',
    ])
      await take(path, path);
    const figures = await take('figures', '/metrics', { token: METRICS_TOKEN });
    expect(figures.toString()).toContain('# TYPE');
    expect(given.get('/api/live')).toContain(idOf('public'));
    expect(given.get('/api/live')).not.toContain(idOf('private'));
    expect(found()).toEqual([]);
  });

  test('events of sockets of a viewer and of nobody while the owner works', async () => {
    const all: string[] = [];
    for (const token of [viewer.token, undefined]) await listen(token, all);
    for (const visibility of VISIBILITIES) {
      const at = `/api/streams/${idOf(visibility)}`;
      const said = await vera.must('POST', `${at}/chat`, { content: 'Hello everybody', clientId: v7() });
      await vera.must('POST', `${at}/chat/${String(said['id'])}/pin`);
      await vera.must('POST', `${at}/reactions`, { emoji: '🔥' });
      await vera.must('PATCH', at, { description: 'Changed' });
      const { streamKey } = await vera.must('POST', `${at}/regenerate-key`, {});
      secrets.set(`second stream key, ${visibility}`, String(streamKey));
      await vera.must('POST', `${at}/end`);
    }
    // The viewer hears of both ends, nobody of the public one.
    await expect
      .poll(() => all.filter((line) => line.includes('"stream:end"')).length, { timeout: 10_000 })
      .toBe(3);
    expect(all.some((line) => line.includes('Hello everybody'))).toBe(true);
    given.set('events', all.join('\n'));
    expect(found()).toEqual([]);
  });

  test('lines of the log', async () => {
    await take('refused playlist', `/hls/t/${watchToken}/${v7()}/index.m3u8`).catch(() => undefined);
    await product.server.signal('SIGTERM');
    expect(product.server.log.length).toBeGreaterThan(10);
    const lines = product.server.output.split('\n');
    expect(
      lines.flatMap((line) => secretsIn(line, secrets).map((name) => `${name}: ${line.slice(0, 300)}`)),
    ).toEqual([]);
    expect(found()).toEqual([]);
  });

  async function putPicture(id: string): Promise<{ readonly thumbnailUrl: string }> {
    const answer = await fetchOnce(`${product.server.url}/api/streams/${id}/thumbnail`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${vera.token}`, 'Content-Type': 'image/png' },
      body: Buffer.from(PICTURE, 'base64'),
    });
    expect(answer.status).toBe(200);
    return JSON.parse(answer.body.toString()) as { thumbnailUrl: string };
  }

  /** A socket that tries to be in both rooms; keeps what it is told. */
  async function listen(token: string | undefined, told: string[]): Promise<void> {
    const socket = io(product.server.url, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { 'X-Forwarded-For': VIEWER_ADDRESS },
      ...(token === undefined ? {} : { auth: { token } }),
    });
    sockets.push(socket);
    socket.onAny((name: string, ...payload: unknown[]) => told.push(JSON.stringify([name, ...payload])));
    for (const visibility of VISIBILITIES) {
      const streamId = idOf(visibility);
      for (const [event, body] of [
        ['stream:join', { streamId, sessionId: v7() }],
        ['chat:history', { streamId }],
      ] as const)
        told.push(JSON.stringify(await socket.timeout(5000).emitWithAck(event, body)));
    }
  }
});
