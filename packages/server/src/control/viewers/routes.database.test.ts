import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Actor } from '../../api/actor.ts';
import { ApiServer, account, asActor } from '../../api/testing/api-server.ts';
import { Countries } from './countries.ts';
import { Devices } from './devices.ts';
import { viewerRoutesOf } from './routes.ts';
import { ViewerWorld } from './testing/viewer-world.ts';
import type { ViewerService } from './viewer-service.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

let world: ViewerWorld;
let service: ViewerService;
let server: ApiServer;
beforeAll(async () => {
  world = await ViewerWorld.create();
  service = world.service({ countries: await Countries.open(), devices: new Devices() });
  server = await ApiServer.start(
    (api) => viewerRoutesOf(api, { viewers: service, database: world.test.database, clock: world.clock }),
    // As if it came from a public address: this machine's is in no country.
    { clientAddress: () => '8.8.8.8' },
  );
});
afterAll(async () => {
  await server.close();
  await world.close();
});
beforeEach(async () => {
  world.streamId = await world.stream();
});

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server answers is what the test looks at.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

async function ask(
  method: string,
  path: string,
  options: { actor?: Actor; body?: object; streamId?: string } = {},
): Promise<Answer> {
  const response = await fetch(
    `${server.url}/api/streams/${options.streamId ?? world.streamId}/viewers${path}`,
    {
      method,
      headers: {
        'user-agent': CHROME,
        ...(options.actor === undefined ? {} : asActor(options.actor)),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    },
  );
  return { status: response.status, body: await response.json() };
}

async function written(): Promise<void> {
  world.clock.pass(5000);
  await service.tick();
}

describe('POST …/viewers', () => {
  test('opens a session, whose country and device are read from the request', async () => {
    const { status, body } = await ask('POST', '', {
      body: { sessionId: 'session-1', selectedQuality: '720p' },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      session: {
        ...{ id: expect.any(String), streamId: world.streamId, sessionId: 'session-1', isActive: true },
        joinedAt: new Date(world.clock.now()).toISOString(),
        updatedAt: new Date(world.clock.now()).toISOString(),
        ...{ totalWatchTimeSeconds: 0, selectedQuality: '720p', sentChatMessages: 0, sentReactions: 0 },
        ...{ country: 'US', device: 'desktop', browser: 'Chrome 141', os: 'Windows' },
      },
      secret: expect.stringMatching(/^[\w-]{32}$/),
      heartbeatSeconds: 10,
    });
    await written();
    expect(await world.rows()).toMatchObject([
      { ip_address: '8.8.8.8', user_agent: CHROME, country: 'US', browser: 'Chrome 141', user_id: null },
    ]);
  });

  test('a stream that is not, or that the caller may not know of, is 404; one that is over 400', async () => {
    const body = { sessionId: 'session-1' };
    const hidden = await world.stream({ visibility: 'private' });
    for (const streamId of [v7(), hidden]) {
      const answer = await ask('POST', '', { streamId, body });
      expect(answer).toMatchObject({ status: 404, body: { code: 'STREAM_NOT_FOUND' } });
      expect((await ask('GET', '', { streamId })).status).toBe(404);
    }
    const owner = account(world.ownerId);
    expect((await ask('POST', '', { streamId: hidden, body, actor: owner })).status).toBe(200);
    for (const status of ['ended', 'cancelled', 'failed']) {
      const streamId = await world.stream({ status });
      expect(await ask('POST', '', { streamId, body })).toMatchObject({
        ...{ status: 400, body: { code: 'STREAM_NOT_LIVE' } },
      });
    }
    const streamId = await world.stream({ status: 'scheduled' });
    expect((await ask('POST', '', { streamId, body })).status).toBe(200);
  });

  test('who is banned may not; who is timed out in the chat may', async () => {
    const bar = async (kind: string): Promise<Actor> => {
      const userId = await world.user();
      await world.test.database.asService((tx) =>
        tx
          .insertInto('nchat_stream_bans')
          .values({
            ...{ id: v7(), channel_id: world.channelId, user_id: userId, kind },
            expires_at: new Date(Date.now() + 60_000),
            is_permanent: false,
          })
          .execute(),
      );
      return account(userId);
    };
    const body = { sessionId: 'session-1' };
    expect(await ask('POST', '', { actor: await bar('ban'), body })).toMatchObject({
      ...{ status: 403, body: { code: 'VIEWER_BANNED' } },
    });
    expect((await ask('POST', '', { actor: await bar('timeout'), body })).status).toBe(200);
  });

  test.each([
    {},
    { sessionId: 'short' },
    { sessionId: 'with space' },
    { sessionId: 'session-1', selectedQuality: '8k' },
  ])('%j is 400', async (body) => {
    expect((await ask('POST', '', { body })).status).toBe(400);
  });

  test('identity comes from the request alone', async () => {
    const userId = await world.user();
    const body = {
      sessionId: 'session-1',
      userId,
      user_id: userId,
      ipAddress: '1.1.1.1',
      totalWatchTimeSeconds: 9,
    };
    expect((await ask('POST', '', { body })).body.session).not.toHaveProperty('userId');
    await written();
    expect(await world.rows()).toMatchObject([
      { user_id: null, ip_address: '8.8.8.8', total_watch_time_seconds: 0 },
    ]);
  });
});

describe('PATCH and DELETE …/viewers/:sessionId', () => {
  test('count time, take what the player tells, and leave; with the secret alone', async () => {
    const { body } = await ask('POST', '', { body: { sessionId: 'session-1' } });
    const { secret } = body;
    world.clock.pass(10_000);
    const beat = await ask('PATCH', '/session-1', {
      body: { secret, selectedQuality: '480p', transport: 'hls' },
    });
    expect(beat.body).toMatchObject({ totalWatchTimeSeconds: 10, selectedQuality: '480p', transport: 'hls' });
    const other = account(await world.user());
    for (const wrong of [{}, { secret: 'wrong' }]) {
      expect((await ask('PATCH', '/session-1', { body: wrong })).status).toBe(404);
      expect((await ask('DELETE', '/session-1', { body: wrong, actor: other })).status).toBe(404);
    }
    expect((await ask('DELETE', '/session-1')).status).toBe(404);
    expect((await ask('DELETE', '/session-2', { body: { secret } })).status).toBe(404);
    expect(service.count(world.streamId)).toBe(1);
    expect(await ask('DELETE', '/session-1', { body: { secret } })).toEqual({
      status: 200,
      body: { success: true },
    });
    expect(service.count(world.streamId)).toBe(0);
  });
});

describe('GET …/viewers', () => {
  test('others get the count, the owner who it is, and nobody an address, a session id or a secret', async () => {
    const viewer = account(await world.user(v7(), 'ada'));
    const { body: opened } = await ask('POST', '', { body: { sessionId: 'session-1' } });
    world.clock.pass(1000);
    await ask('POST', '', { body: { sessionId: 'session-2' }, actor: viewer });
    await written();
    const stranger = await ask('GET', '?includeMetadata=true', { actor: viewer });
    expect(stranger.body).toEqual({
      ...{ success: true, count: 2, viewers: [] },
      stats: { active: 2, total: 2, streamStatus: 'live', duration: 6 },
      pagination: { total: 0, offset: 0, limit: 100, hasMore: false },
      stream: {
        ...{ id: world.streamId, name: 'stream', type: 'stream', status: 'live' },
        startedAt: new Date(world.clock.now() - 6000).toISOString(),
        initiator: world.ownerId,
      },
    });
    const { body } = await ask('GET', '?includeMetadata=true', { actor: account(world.ownerId) });
    expect(body.pagination).toEqual({ total: 2, offset: 0, limit: 100, hasMore: false });
    expect(body.viewers).toMatchObject([
      { username: 'anonymous', displayName: 'Anonymous', isActive: true, metadata: { country: 'US' } },
      {
        ...{ userId: viewer.userId, username: 'ada', displayName: 'The ada', duration: 0 },
        ...{ isAudioEnabled: false, isVideoEnabled: false, isScreenSharing: false },
        metadata: { device: 'desktop', browser: 'Chrome 141', os: 'Windows', selectedQuality: 'auto' },
      },
    ]);
    expect(JSON.stringify(body)).not.toMatch(new RegExp(`8\\.8\\.8\\.8|session-1|${opened.secret}|Mozilla`));
    const plain = await ask('GET', '', { actor: account(world.ownerId) });
    expect(plain.body.viewers[0]).not.toHaveProperty('metadata');
  });

  test('pages, filters and sorts', async () => {
    const owner = account(world.ownerId);
    for (const [at, name] of ['carl', 'anna', 'bert'].entries()) {
      const actor = account(await world.user(v7(), `${name}${world.streamId.slice(-6)}`));
      const { body } = await ask('POST', '', { actor, body: { sessionId: `session-${name}` } });
      expect(body.session.userId).toBe(actor.userId);
      world.clock.pass(1000 * (at + 1));
      await ask('PATCH', `/session-${name}`, { actor, body: {} });
      if (name === 'bert') await ask('DELETE', `/session-${name}`, { actor });
    }
    await written();
    const names = async (query: string): Promise<string[]> =>
      (await ask('GET', `?${query}`, { actor: owner })).body.viewers.map((each: { username: string }) =>
        each.username.slice(0, 4),
      );
    expect(await names('')).toEqual(['carl', 'anna']);
    expect(await names('includeInactive=true&sortBy=username')).toEqual(['anna', 'bert', 'carl']);
    expect(await names('includeInactive=true&sortBy=duration&sortOrder=desc')).toEqual([
      'bert',
      'anna',
      'carl',
    ]);
    expect(await names('includeInactive=true&sortBy=joinTime&limit=1&offset=1')).toEqual(['anna']);
    const { body } = await ask('GET', '?includeInactive=true&limit=2&offset=0', { actor: owner });
    expect(body.pagination).toEqual({ total: 3, offset: 0, limit: 2, hasMore: true });
    for (const [query, status] of [
      ['limit=1000', 200],
      ['limit=1001', 400],
      ['limit=0', 400],
      ['sortBy=ip_address', 400],
      ['sortOrder=asc;drop', 400],
    ] as const)
      expect((await ask('GET', `?${query}`, { actor: owner })).status).toBe(status);
  });
});
