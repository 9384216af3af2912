import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { CLIENT_ADDRESS, ControlServer } from '../support/control-server.ts';
import { hostToken } from '../support/host-token.ts';

/** As `NCHAT_SQL` has them: Ann owns both channels, Bob is a member of the public one. */
const [ANN, BOB] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const;
const [GENERAL, BOARD] = [
  '00000000-0000-4000-8000-00000000000a',
  '00000000-0000-4000-8000-00000000000b',
] as const;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

describe.each(['rls', 'plain'] as const)('the API on a database of nchat’s, %s', (hostApp) => {
  let server: ControlServer;
  let ann: string;
  let bob: string;
  const sockets: Socket[] = [];
  const streams = { open: '', closed: '' };

  beforeAll(async () => {
    server = await ControlServer.start({ hostApp });
    [ann, bob] = [await server.tokenOf(ANN), await server.tokenOf(BOB)];
  });
  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await server.close();
  });

  async function call(
    token: string | undefined,
    method: string,
    path: string,
    value?: unknown,
  ): Promise<Answer> {
    const sent = value === undefined ? '' : JSON.stringify(value);
    const { status, body } = await fetchOnce(server.url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        'content-length': String(Buffer.byteLength(sent)),
        ...(value === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: sent,
    });
    const text = body.toString();
    return { status, body: /^[[{]/.test(text) ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  async function must(...request: Parameters<typeof call>): Promise<Record<string, unknown>> {
    const { status, body } = await call(...request);
    expect({ request: request.slice(1), status: status < 400 ? 'done' : status, body }).toMatchObject({
      status: 'done',
    });
    return body;
  }

  const idsOf = (list: unknown): string[] => (list as { id: string }[]).map(({ id }) => id).sort();

  /** A publisher comes in with the stream's key. */
  async function goLive(streamId: string): Promise<void> {
    const { streamKey } = await must(ann, 'GET', `/api/streams/${streamId}/key`);
    const decision = await server.plane.publishAuthorizer.authorize({
      ...{ protocol: 'rtmp', app: 'live', peer: CLIENT_ADDRESS, streamKey: String(streamKey) },
    });
    if (!decision.allowed) throw new Error(decision.reason);
    expect(decision.streamId).toBe(streamId);
    server.live.connect(streamId, decision.keyId);
    await expect
      .poll(async () => (await must(ann, 'GET', `/api/streams/${streamId}`))['status'], { timeout: 10_000 })
      .toBe('live');
  }

  test('members make streams and take them live, others than members do not', async () => {
    for (const [name, channelId] of [
      ['open', GENERAL],
      ['closed', BOARD],
    ] as const) {
      const wanted = { channelId, title: name, enableQa: true, autoStart: true };
      const made = await must(ann, 'POST', '/api/streams/create', wanted);
      streams[name] = String(made['id']);
      await goLive(streams[name]);
    }
    // nchat's plain members may stream, in channels that they are in.
    await must(bob, 'POST', '/api/streams/create', { channelId: GENERAL, title: 'Bob’s' });
    for (const [token, channelId, status] of [
      [bob, BOARD, 403],
      [ann, randomUUID(), 403],
      [undefined, GENERAL, 401],
    ] as const) {
      const refused = await call(token, 'POST', '/api/streams/create', { channelId, title: 'no' });
      expect(refused).toMatchObject({ status });
    }
  });

  test('a stream is chatted in, reacted to, asked in, followed, watched and listed', async () => {
    const at = `/api/streams/${streams.open}`;
    const said = await must(bob, 'POST', `${at}/chat`, { content: 'Hello', clientId: v7() });
    expect(said).toMatchObject({ content: 'Hello', user: { displayName: 'Bob' } });
    expect(JSON.stringify(await must(undefined, 'GET', `${at}/chat`))).toContain('Hello');
    await must(bob, 'POST', `${at}/reactions`, { emoji: '🔥' });
    const asked = await must(bob, 'POST', `${at}/questions`, { content: 'Why?', clientId: v7() });
    await must(ann, 'POST', `${at}/questions/${String(asked['id'])}/upvote`);
    await must(bob, 'POST', `/api/channels/${GENERAL}/follow`);
    await must(bob, 'POST', `/api/users/${ANN}/follow`);
    expect(await must(bob, 'GET', '/api/follows')).toMatchObject({ total: 2 });
    expect(await must(bob, 'GET', `/api/channels/${GENERAL}`)).toMatchObject({
      name: 'General',
      role: 'member',
      isFollowing: true,
      memberCount: 2,
      followerCount: 1,
    });
    const sessionId = v7();
    const { secret } = await must(bob, 'POST', `${at}/viewers`, { sessionId });
    expect(secret).toEqual(expect.any(String));
    await expect
      .poll(async () => JSON.stringify((await must(ann, 'GET', `${at}/viewers`))['viewers']), {
        timeout: 10_000,
      })
      .toContain(BOB);
    expect(idsOf(await must(undefined, 'GET', '/api/streams/live'))).toEqual([streams.open]);
    expect(idsOf(await must(ann, 'GET', '/api/streams/live'))).toEqual([streams.open, streams.closed].sort());
    await must(ann, 'POST', `${at}/timeouts`, { userId: BOB, durationSeconds: 60 });
    expect(await call(bob, 'POST', `${at}/chat`, { content: 'And?', clientId: v7() })).toMatchObject({
      status: 403,
    });
  });

  test('a private channel of the host’s does not exist for strangers', async () => {
    for (const token of [bob, undefined]) {
      for (const path of [
        `/api/streams/${streams.closed}`,
        `/api/streams/${streams.closed}/chat`,
        `/api/streams/${streams.closed}/hls`,
        `/api/channels/${BOARD}`,
        '/api/channels/board',
        `/api/channels/${BOARD}/schedule.ics`,
      ]) {
        expect({ path, ...(await call(token, 'GET', path)) }).toMatchObject({ path, status: 404 });
      }
      expect(idsOf((await must(token, 'GET', '/api/channels'))['channels'])).toEqual([GENERAL]);
      const socket = io(server.url, {
        transports: ['websocket'],
        forceNew: true,
        auth: token === undefined ? {} : { token },
      });
      sockets.push(socket);
      const joined: unknown = await socket
        .timeout(5000)
        .emitWithAck('stream:join', { streamId: streams.closed, sessionId: v7() });
      expect(JSON.stringify(joined)).toContain('STREAM_NOT_FOUND');
    }
    expect(await call(bob, 'POST', `/api/channels/${BOARD}/follow`)).toMatchObject({ status: 404 });
    expect(await must(ann, 'GET', `/api/channels/${BOARD}`)).toMatchObject({
      isPrivate: true,
      role: 'owner',
    });
    expect(idsOf((await must(ann, 'GET', '/api/channels?mine=true'))['channels'])).toEqual([GENERAL, BOARD]);
  });

  test('channels and members are read, and changed by the host app alone', async () => {
    const members = await must(bob, 'GET', `/api/channels/${GENERAL}/members`);
    expect(members).toMatchObject({ total: 2, members: expect.arrayContaining([expect.anything()]) });
    expect(await call(bob, 'GET', `/api/channels/${BOARD}/members`)).toMatchObject({ status: 404 });
    const kept = {
      status: 403,
      body: { code: 'FORBIDDEN', message: 'the host app keeps channels and members' },
    };
    for (const [method, path, body] of [
      ['POST', '/api/channels', { name: 'Mine', slug: 'mine-alone' }],
      ['PATCH', `/api/channels/${GENERAL}`, { name: 'Ours' }],
      ['DELETE', `/api/channels/${GENERAL}`],
      ['POST', `/api/channels/${GENERAL}/members`, { username: 'bob', role: 'moderator' }],
      ['PUT', `/api/channels/${GENERAL}/members/${BOB}`, { role: 'moderator' }],
      ['DELETE', `/api/channels/${GENERAL}/members/${BOB}`],
    ] as const) {
      expect({ path, ...(await call(ann, method, path, body)) }).toMatchObject({ path, ...kept });
    }
    expect(await call(bob, 'DELETE', `/api/channels/${BOARD}`)).toMatchObject({ status: 404 });
    const calendar = await call(undefined, 'GET', `/api/channels/${GENERAL}/schedule.ics`);
    expect(calendar.status).toBe(200);
    await must(bob, 'GET', `/api/channels/${GENERAL}/notifications`);
    await must(bob, 'GET', '/api/notifications');
  });

  test('its people get API tokens, and nobody else makes an account', async () => {
    const { token } = await must(ann, 'POST', '/api/me/tokens', { name: 'script', scopes: ['read'] });
    expect(await must(String(token), 'GET', `/api/channels/${BOARD}`)).toMatchObject({ name: 'Board' });
    const person = { name: 'Eve', email: 'eve@example.org', password: 'Eve has a long password' };
    const signUp = await call(undefined, 'POST', '/api/auth/sign-up/email', person);
    expect(signUp).toMatchObject({ status: 400, body: { message: expect.stringContaining('not enabled') } });
    expect(await must(undefined, 'GET', '/api/sign-in-options')).toMatchObject({ signUp: 'closed' });
    const guest = await call(undefined, 'POST', '/api/auth/sign-in/anonymous', { name: 'Guest' });
    expect(guest).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    const admin = await hostToken(server, ANN, ['user', 'admin']);
    const made = await call(admin, 'POST', '/api/admin/accounts', {
      email: 'eve@example.org',
      displayName: 'Eve',
    });
    expect(made).toMatchObject({ status: 403, body: { message: 'the host app keeps people' } });
    const stranger = await server.tokenOf(randomUUID());
    expect(await call(stranger, 'GET', '/api/follows')).toMatchObject({ status: 401 });
  });

  test('nothing was an error of the server’s', () => {
    expect(server.logged.filter((line) => (JSON.parse(line) as { level: number }).level >= 50)).toEqual([]);
  });
});
