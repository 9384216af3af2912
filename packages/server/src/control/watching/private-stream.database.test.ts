import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { Origin } from '../../origin/origin.ts';
import { defaultPackagerOptions } from '../../packager/packager-options.ts';
import { audioTrack, unit, videoTrack } from '../../packager/testing/source.ts';
import { LiveSessions } from '../../pipeline/live-sessions.ts';
import { silentLogger } from '../../platform/logger.ts';
import { eventually, StreamsHarness } from '../streams/testing/streams-harness.ts';
import type { WatchAccess } from './watch-access.ts';

type Person = Actor & { userId: string };

let harness: StreamsHarness;
let sessions: LiveSessions;
let origin: Origin;
let server: Server;
let base: string;
let owner: Person;
let viewer: Person;

let channelId: string;
/** What the origin asks; another process's after a restart. */
let watching: WatchAccess;

beforeAll(async () => {
  harness = await StreamsHarness.create();
  [owner, viewer] = (await Promise.all(['owner', 'viewer'].map((name) => harness.person(name)))) as [
    Person,
    Person,
  ];
  channelId = await harness.channel({ owner, viewer });
  sessions = new LiveSessions({
    options: {
      packager: defaultPackagerOptions,
      reconnectWindowMs: 10_000,
      trackSilenceMs: 250,
      secondTrackWaitMs: 500,
      takeoverSilenceMs: 1500,
    },
    clock: harness.clock,
    log: silentLogger,
    spool: undefined,
    encoderFor: undefined,
  });
  sessions.onEvent((event) => harness.live.tell(event));
  origin = new Origin({
    directory: sessions,
    authorizer: { authorize: (request) => watching.authorize(request) },
    clock: harness.clock,
    log: silentLogger,
  });
  server = createServer((request, response) => {
    if (!origin.handle(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  watching = harness.watching;
});
afterAll(async () => {
  origin?.close();
  sessions?.close();
  server?.closeAllConnections();
  server?.close();
  await harness?.close();
});

/** A live stream with pictures and sound, and the token address of a viewer. */
async function liveStream(settings: object = {}): Promise<string> {
  const { id, key } = await harness.stream(owner, channelId, {
    autoStart: true,
    visibility: 'private',
    ...settings,
  });
  const decision = await harness.authorizer.authorize({
    protocol: 'rtmp',
    app: '',
    streamKey: key,
    peer: '',
  });
  if (!decision.allowed) throw new Error(decision.reason);
  const sink = sessions.publish({
    ...decision,
    protocol: 'rtmp',
    peer: '',
    silentForMs: () => 0,
    evict: () => {},
  });
  sink.expectTracks({ video: true, audio: true });
  sink.writeTrack(videoTrack);
  sink.writeTrack(audioTrack(48_000));
  for (let ms = 0; ms < 9000; ms += 40) {
    sink.writeUnit(unit('video', ms, { key: ms % 1000 === 0 }));
    sink.writeUnit(unit('audio', ms));
    sink.writeUnit(unit('audio', ms + 20));
    // Time of its own for what is packaged.
    if (ms % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return id;
}

const untilLive = (id: string) =>
  eventually(async () => (await harness.column(id, 'status')) === 'live', 'live');

const get = async (url: string): Promise<{ status: number; text: string; cache: string | null }> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
  return { status: answer.status, text: await answer.text(), cache: answer.headers.get('cache-control') };
};

/** Every URL in a playlist, resolved. */
function urlsOf(text: string, url: string): string[] {
  const attributes = [...text.matchAll(/URI="([^"]+)"/g)].map(([, uri]) => uri ?? '');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return [...attributes, ...lines].map((uri) => new URL(uri, url).href);
}

/** Everything that a player could fetch of a stream, the playlists first. */
async function crawl(manifestUrl: string): Promise<readonly string[]> {
  const found = new Set([manifestUrl]);
  for (const url of found) {
    if (!url.includes('.m3u8')) continue;
    const { status, text, cache } = await get(url);
    expect([url, status]).toEqual([url, 200]);
    if (url.includes('/t/')) expect(cache).toBe('private, no-store');
    for (const next of urlsOf(text, url)) found.add(next);
  }
  return [...found];
}

const manifestOf = async (actor: Actor, id: string): Promise<string> =>
  base + (await harness.service.watchUrls(actor, id)).manifestUrl;

describe('security 22: every address of a private stream', () => {
  test('carries the token by itself, and is refused without, with another stream’s, a forged or an expired one', async () => {
    const id = await liveStream();
    const other = await liveStream();
    await untilLive(id);
    await untilLive(other);
    const manifest = await manifestOf(viewer, id);
    const [, token = ''] = /\/hls\/t\/([^/]+)\//.exec(manifest) ?? [];
    const all = await crawl(manifest);
    const kinds = ['index.m3u8', '/source/index.m3u8', '/audio/index.m3u8', 'init', '.m4s'];
    for (const kind of kinds)
      expect(
        all.some((url) => url.includes(kind)),
        kind,
      ).toBe(true);
    expect(all.length).toBeGreaterThan(40);
    const [, foreign = ''] = /\/hls\/t\/([^/]+)\//.exec(await manifestOf(viewer, other)) ?? [];
    const forged = token.replace(/^v\./, 'p.');
    const last = token.at(-1) === 'A' ? 'B' : 'A';
    const wrong = [foreign, forged, `${token.slice(0, -1)}${last}`, token.slice(0, 20), 'x'];
    for (const url of all) {
      expect(url, 'stays below its token').toContain(`/hls/t/${token}/${id}/`);
      const bare = url.replace(`t/${token}/`, '');
      expect((await get(bare)).status, bare).toBe(401);
      for (const each of wrong) expect((await get(url.replace(token, each))).status, each).toBe(403);
    }
    // Those that are there, not the hinted ones that are held until they come.
    const [media] = all.filter((url) => url.includes('.m4s'));
    expect((await get(media ?? '')).status).toBe(200);
    harness.clock.offsetMs += 3_600_001;
    for (const url of all) expect((await get(url)).status, 'expired').toBe(403);
    expect((await get(await manifestOf(viewer, id))).status).toBe(200);
  });

  test('is refused once the stream is deleted', async () => {
    const id = await liveStream();
    await untilLive(id);
    const all = await crawl(await manifestOf(viewer, id));
    await harness.service.remove(owner, id);
    for (const url of all) expect((await get(url)).status).toBe(404);
  });

  test('a public stream that becomes private closes its open addresses at once', async () => {
    const id = await liveStream({ visibility: 'public' });
    await untilLive(id);
    const all = await crawl(`${base}/hls/${id}/index.m3u8`);
    await harness.service.update(owner, id, { visibility: 'private' });
    for (const url of all) expect((await get(url)).status).toBe(401);
  });

  test('a channel that becomes private closes them too', async () => {
    const id = await liveStream({ visibility: 'public' });
    await untilLive(id);
    const setPrivate = (isPrivate: boolean) =>
      harness.database.asService((tx) =>
        tx.updateTable('nchat_channels').set({ is_private: isPrivate }).where('id', '=', channelId).execute(),
      );
    await setPrivate(true);
    harness.events.emit('stream-updated', { streamId: id, changes: { channelId } });
    await eventually(async () => (await get(`${base}/hls/${id}/index.m3u8`)).status === 401, 'closed', 2000);
    await setPrivate(false);
    harness.events.emit('stream-updated', { streamId: id, changes: { channelId } });
    await eventually(async () => (await get(`${base}/hls/${id}/index.m3u8`)).status === 200, 'open', 2000);
  });

  test('before it is live a stream is there for its owners only, public or not', async () => {
    for (const visibility of ['public', 'private']) {
      const id = await liveStream({ visibility, autoStart: false });
      const { manifestUrl, isPreview } = await harness.service.watchUrls(owner, id);
      expect(isPreview).toBe(true);
      expect((await get(base + manifestUrl)).status).toBe(200);
      expect((await get(`${base}/hls/${id}/index.m3u8`)).status).toBe(404);
      const ofViewer = await manifestOf(viewer, id);
      expect((await get(ofViewer)).status).toBe(404);
      expect(watching.isListed(id)).toBe(false);
      await harness.service.start(owner, id);
      expect((await get(ofViewer)).status).toBe(200);
      expect(watching.isListed(id)).toBe(visibility === 'public');
    }
  });

  test('unlisted streams play for whoever has the address, and are on no list', async () => {
    const id = await liveStream({ visibility: 'unlisted' });
    await untilLive(id);
    expect((await get(`${base}/hls/${id}/index.m3u8`)).status).toBe(200);
    expect(watching.isListed(id)).toBe(false);
    expect((await harness.service.watchUrls(NOBODY, id)).token).toBeUndefined();
  });
});

describe('the right to watch ends', () => {
  let id: string;
  beforeAll(async () => {
    watching = harness.watching;
    id = await liveStream();
    await untilLive(id);
  });

  /** Somebody new in the channel, and their address. */
  async function member(): Promise<{
    readonly person: Person;
    readonly url: string;
    readonly token: string;
  }> {
    const person = await harness.person('member');
    await harness.database.asService((tx) =>
      tx
        .insertInto('nchat_channel_members')
        .values({ channel_id: channelId, user_id: person.userId, role: 'viewer' })
        .execute(),
    );
    const { manifestUrl, token = '' } = await harness.service.watchUrls(person, id);
    expect((await get(base + manifestUrl)).status).toBe(200);
    return { person, url: base + manifestUrl, token };
  }

  test('with a ban, which closes sessions that go on too; others keep watching', async () => {
    const { person, url, token } = await member();
    const other = await member();
    const left: (string | undefined)[] = [];
    const stop = watching.onRevoked((streamId, mayStay) => {
      if (streamId === id) left.push(...[token, other.token, undefined].filter((each) => !mayStay(each)));
    });
    await harness.database.asService((tx) =>
      sql`INSERT INTO nchat_stream_bans (id, channel_id, stream_id, user_id, kind, is_permanent)
        VALUES (gen_random_uuid(), ${channelId}, ${id}, ${person.userId}, 'ban', true)`.execute(tx),
    );
    harness.events.emit('user-barred', { channelId, streamId: id, userId: person.userId, kind: 'ban' });
    expect((await get(url)).status).toBe(403);
    expect(left).toEqual([token, undefined]);
    stop();
    expect((await get(other.url)).status).toBe(200);
    await expect(harness.service.watchUrls(person, id)).rejects.toMatchObject({ code: 'VIEWER_BANNED' });
    expect((await harness.service.get(person, id)).streamUrl).not.toContain('/t/');
  });

  test('not with a time-out, which is for talking', async () => {
    const { person, url } = await member();
    harness.events.emit('user-barred', { channelId, streamId: id, userId: person.userId, kind: 'timeout' });
    expect((await get(url)).status).toBe(200);
  });

  test('with membership, within two seconds', async () => {
    const { person, url } = await member();
    await harness.database.asService((tx) =>
      tx.deleteFrom('nchat_channel_members').where('user_id', '=', person.userId).execute(),
    );
    harness.events.emit('access-changed', { userId: person.userId });
    await eventually(async () => (await get(url)).status === 403, 'refused', 2000);
  });

  test('stays with another role of a member', async () => {
    const { person, url } = await member();
    harness.events.emit('access-changed', { userId: person.userId });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await get(url)).status).toBe(200);
  });

  test('with the session that it was given to, and with no other', async () => {
    const { person, url } = await member();
    harness.events.emit('access-changed', { userId: person.userId, sessionId: 'another' });
    expect((await get(url)).status).toBe(200);
    harness.events.emit('access-changed', { userId: person.userId, sessionId: person.sessionId ?? '' });
    expect((await get(url)).status).toBe(403);
  });

  test('also over a restart: tokens of before are asked for once', async () => {
    const stays = await member();
    const goes = await member();
    harness.restart();
    watching = harness.watching;
    await harness.database.asService((tx) =>
      tx.deleteFrom('nchat_channel_members').where('user_id', '=', goes.person.userId).execute(),
    );
    await eventually(() => harness.streams.get(id) !== undefined, 'found again');
    const asked = vi.spyOn(harness.database, 'asUser');
    for (let time = 0; time < 5; time++) {
      expect((await get(goes.url)).status).toBe(403);
      expect((await get(stays.url)).status).toBe(200);
    }
    expect(asked).toHaveBeenCalledTimes(2);
    asked.mockRestore();
  });
});
