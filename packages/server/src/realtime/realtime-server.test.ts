import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { person } from './testing/fake-services.ts';
import { RealtimeFixture } from './testing/realtime-fixture.ts';
import { TestClient } from './testing/test-client.ts';

let fixture: RealtimeFixture;
const clients: TestClient[] = [];
const streamId = v7();

beforeEach(async () => {
  fixture = await RealtimeFixture.start({ viewerSumMs: 100, leaveGraceMs: 300 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await fixture.close();
});

async function connect(options: Parameters<typeof TestClient.connect>[1] = {}): Promise<TestClient> {
  const client = await TestClient.connect(fixture.url, options);
  clients.push(client);
  return client;
}

async function viewer(options: Parameters<typeof TestClient.connect>[1] = {}): Promise<TestClient> {
  const client = await connect(options);
  expect(await client.ask('stream:join', { streamId })).toMatchObject({ ok: true });
  return client;
}

async function writer(): Promise<TestClient> {
  return viewer({ token: fixture.actors.issue() });
}

async function until(what: string, holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds(), what).toBe(true), { timeout: 5000, interval: 10 });
}

function send(client: TestClient, content: string, clientId: string = v7()) {
  return client.ask('chat:send', { streamId, content, clientId });
}

describe('rooms', () => {
  test('what is written in a stream is told to everybody in its room, and to nobody else', async () => {
    const [alice, bob, elsewhere] = [await writer(), await viewer(), await connect()];
    await elsewhere.ask('stream:join', { streamId: v7() });
    const { ok, message } = await send(alice, 'hello');
    expect(ok).toBe(true);
    await until('both know', () => [alice, bob].every((each) => each.of('stream:chat-message').length === 1));
    expect(bob.of('stream:chat-message')[0]).toEqual(message);
    expect(elsewhere.told).toEqual([]);
  });

  test('who left hears no more', async () => {
    const [alice, bob, carol] = [await writer(), await viewer(), await viewer()];
    await bob.ask('stream:leave', { streamId });
    await send(alice, 'hello');
    await until('carol knows', () => carol.of('stream:chat-message').length === 1);
    expect(bob.of('stream:chat-message')).toEqual([]);
  });

  test('a private stream is not found by who may not know of it, under any of the names', async () => {
    fixture.access.private.add(streamId);
    const client = await connect({ token: fixture.actors.issue() });
    for (const [event, payload] of [
      ['stream:join', { streamId }],
      ['stream:viewer-joined', { streamId, sessionId: v7() }],
      ['channel:join', { channelId: streamId }],
      ['stream:start', { streamId }],
    ] as const) {
      expect(await client.ask(event, payload)).toMatchObject({
        ok: false,
        error: { code: 'STREAM_NOT_FOUND' },
      });
    }
    fixture.events.emit('chat-deleted', { streamId, messageId: v7(), deletedBy: v7() });
    expect(client.told).toEqual([]);
    expect(fixture.presence.count(streamId)).toBe(0);
  });

  test('a crowd of nobodies that joins at once asks once what nobody may', async () => {
    const crowd = await Promise.all(Array.from({ length: 20 }, () => connect()));
    let answer: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { channelId } = fixture.access;
    const asked = vi.spyOn(fixture.access, 'rightsOn').mockImplementation(async () => {
      await gate;
      return { channelId, moderates: false };
    });
    const joins = Promise.all(crowd.map((each) => each.ask('stream:join', { streamId })));
    await Promise.all(crowd.map((each) => each.ask('stream:leave', { streamId: v7() })));
    answer();
    expect((await joins).every(({ ok }) => ok)).toBe(true);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('rights that change while they are asked for are asked for again', async () => {
    const client = await connect();
    const asked = vi.spyOn(fixture.access, 'rightsOn').mockImplementationOnce(async () => {
      fixture.access.private.add(streamId);
      fixture.events.emit('stream-updated', { streamId, changes: { visibility: 'private' } });
      return { channelId: fixture.access.channelId, moderates: false };
    });
    expect(await client.ask('stream:join', { streamId })).toMatchObject({ ok: false });
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test('quality and bans are for moderators, a ban also for the person', async () => {
    const moderator = person();
    const banned = person();
    fixture.access.moderators.add(moderator.userId ?? '');
    const [owner, bob, carol] = [
      await viewer({ token: fixture.actors.issue(moderator) }),
      await viewer({ token: fixture.actors.issue(banned) }),
      await viewer(),
    ];
    const metrics = { id: v7(), streamId, recordedAt: new Date().toISOString() };
    fixture.events.emit('quality-metrics', {
      ...metrics,
      currentViewerCount: 1,
      concurrentConnections: 1,
      droppedFrames: 0,
    });
    fixture.events.emit('user-barred', {
      channelId: fixture.access.channelId,
      streamId: undefined,
      userId: banned.userId ?? '',
      kind: 'timeout',
    });
    await until('the owner knows both', () => owner.told.length === 2);
    expect(owner.told.map(({ event }) => event)).toEqual(['stream:quality-update', 'stream:user-banned']);
    await until('bob knows', () => bob.told.length === 1);
    expect(bob.of('stream:user-banned')).toEqual([{ streamId, userId: banned.userId, kind: 'timeout' }]);
    expect(carol.told).toEqual([]);
  });

  test('each event of the control plane has its name and payload', async () => {
    const client = await viewer();
    const stream = { id: streamId, broadcasterId: v7(), hlsManifestUrl: '/hls/x/index.m3u8' } as Stream;
    const messageId = v7();
    fixture.events.emit('stream-live', { stream });
    fixture.events.emit('stream-updated', { streamId, changes: { title: 'new', streamKey: 'live_CANARY' } });
    fixture.events.emit('stream-error', { streamId, code: 'STREAM_INGEST_ERROR', error: 'no pictures' });
    fixture.events.emit('chat-deleted', { streamId, messageId, deletedBy: v7() });
    fixture.events.emit('chat-unpinned', { streamId, messageId });
    fixture.events.emit('stream-ended', { streamId, reason: 'completed' });
    await until('the end', () => client.of('stream:end').length === 1);
    expect(client.told).toEqual([
      { event: 'stream:start', payload: { streamId, hlsManifestUrl: '/hls/x/index.m3u8' } },
      { event: 'stream:updated', payload: { streamId, stream: { title: 'new' } } },
      { event: 'stream:error', payload: { streamId, error: 'no pictures', code: 'STREAM_INGEST_ERROR' } },
      { event: 'stream:chat-deleted', payload: { streamId, messageId, deletedBy: expect.any(String) } },
      { event: 'stream:chat-unpinned', payload: { streamId, messageId } },
      { event: 'stream:end', payload: { streamId, reason: 'completed' } },
    ]);
  });

  test('a notification is for one person, on every connection, in whatever room', async () => {
    const actor = person();
    const token = fixture.actors.issue(actor);
    const [phone, laptop, other] = [await connect({ token }), await viewer({ token }), await writer()];
    fixture.events.emit('notification', { userId: actor.userId ?? '', streamId, kind: 'live' });
    await until('both know', () => [phone, laptop].every((each) => each.told.length === 1));
    expect(phone.told).toEqual([{ event: 'stream:notification', payload: { streamId, kind: 'live' } }]);
    await other.ask('stream:leave', { streamId });
    expect(other.told).toEqual([]);
  });

  test('questions are asked, voted for and told', async () => {
    const [alice, bob] = [await writer(), await viewer()];
    const { question } = await alice.ask('question:ask', { streamId, content: 'why?', clientId: v7() });
    expect(await alice.ask('question:upvote', { streamId, questionId: question.id })).toMatchObject({
      ok: true,
      question: { upvotes: 1 },
    });
    await until('bob knows', () => bob.told.length === 2);
    expect(bob.told.map(({ event }) => event)).toEqual(['stream:question-asked', 'stream:question-updated']);
  });

  test('messages are pinned, unpinned and deleted', async () => {
    const [alice, bob] = [await writer(), await viewer()];
    const { message } = await send(alice, 'hello');
    for (const event of ['chat:pin', 'chat:unpin', 'chat:delete']) {
      expect(await alice.ask(event, { streamId, messageId: message.id })).toEqual({ ok: true });
    }
    await until('bob knows', () => bob.told.length === 4);
    expect(bob.of('stream:chat-pinned')[0]).toMatchObject({ streamId, messageId: message.id, message });
  });
});

describe("nchat's clients", () => {
  test('are the author of no broadcast', async () => {
    const [alice, bob] = [await writer(), await viewer()];
    for (const event of [
      'stream:chat-message',
      'stream:reaction',
      'stream:chat-pinned',
      'stream:start',
      'stream:end',
    ]) {
      alice.socket.emit(event, { streamId, id: v7(), messageId: v7(), content: 'forged', emoji: '🔥' });
    }
    await send(alice, 'real');
    await until('bob knows', () => bob.of('stream:chat-message').length === 1);
    expect(bob.told.map(({ event }) => event)).toEqual(['stream:chat-message']);
    expect(fixture.chat.messages.map(({ content }) => content)).toEqual(['real']);
  });

  test('join by stream:viewer-joined, count, and leave by stream:viewer-left', async () => {
    const client = await connect();
    const sessionId = v7();
    client.socket.emit('stream:viewer-joined', { streamId, sessionId });
    await until('counted', () => client.of('stream:viewer-count').at(-1)?.count === 1);
    expect(client.of('stream:viewer-joined')).toEqual([
      { streamId, viewerId: sessionId, viewerCount: 1, joined: 1 },
    ]);
    const other = await viewer();
    client.socket.emit('stream:viewer-left', { streamId, sessionId });
    await until('left', () => other.of('stream:viewer-left').length === 1);
    expect(other.of('stream:viewer-left')).toEqual([
      { streamId, viewerId: sessionId, viewerCount: 0, left: 1 },
    ]);
    expect(other.of('stream:viewer-count').at(-1)).toEqual({ streamId, count: 0 });
  });

  test('who come by channel:join hear the names of the stream page as well; others do not', async () => {
    const [page, hook, alice] = [await connect(), await viewer(), await writer()];
    await page.ask('channel:join', { channelId: streamId });
    const { message } = await send(alice, 'hello');
    const stream = { id: streamId, broadcasterId: v7() } as Stream;
    fixture.events.emit('stream-live', { stream });
    fixture.events.emit('stream-ended', { streamId, reason: 'completed' });
    await until('the end', () => page.of('stream:ended').length === 1);
    await until('the count', () => page.of('stream:viewerCount').length === 1);
    expect(page.of('stream:chat')).toEqual([
      {
        ...{ id: message.id, streamId, userId: message.userId, userName: 'Somebody' },
        ...{ message: 'hello', timestamp: message.createdAt },
      },
    ]);
    expect(page.of('stream:viewerCount')).toEqual([{ streamId, count: 1 }]);
    expect(page.of('stream:started')).toEqual([{ streamId, hostId: stream.broadcasterId }]);
    await until('the end', () => hook.of('stream:end').length === 1);
    expect(hook.of('stream:chat')).toEqual([]);
    expect(hook.of('stream:ended')).toEqual([]);
  });
});

describe('presence', () => {
  test('counts playback sessions, not connections', async () => {
    const sessionId = v7();
    const tabs = [await connect(), await connect()];
    for (const tab of tabs) await tab.ask('stream:join', { streamId, sessionId });
    expect(fixture.presence.count(streamId)).toBe(1);
    tabs[0]?.close();
    await tabs[1]?.ask('viewer:heartbeat', { streamId, sessionId });
    expect(fixture.presence.count(streamId)).toBe(1);
    tabs[1]?.close();
    await until('gone after the grace', () => fixture.presence.count(streamId) === 0);
  });

  test('who joins hears the count, also when as many left meanwhile', async () => {
    const [leaving, joining] = [await connect(), await connect()];
    await leaving.ask('stream:join', { streamId, sessionId: v7() });
    await until('told', () => leaving.of('stream:viewer-count').length === 1);
    const [left] = await Promise.all([
      leaving.ask('stream:leave', { streamId }),
      joining.ask('stream:join', { streamId, sessionId: v7() }),
    ]);
    expect(left.ok).toBe(true);
    await until('told', () => joining.of('stream:viewer-count').at(-1)?.count === 1);
  });

  test('one connection counts once in a stream, whatever sessions it claims', async () => {
    const client = await connect();
    for (let index = 0; index < 5; index++) await client.ask('stream:join', { streamId, sessionId: v7() });
    await client.ask('channel:join', { channelId: streamId });
    expect(fixture.presence.count(streamId)).toBe(1);
  });

  test('a session of somebody else cannot be ended or kept alive', async () => {
    const [alice, mallory] = [await connect({ token: fixture.actors.issue() }), await connect()];
    const sessionId = v7();
    await alice.ask('stream:join', { streamId, sessionId });
    expect(await mallory.ask('viewer:heartbeat', { streamId, sessionId })).toMatchObject({ ok: false });
    await mallory.ask('stream:viewer-left', { streamId, sessionId });
    expect(fixture.presence.count(streamId)).toBe(1);
    expect(fixture.presence.beats).toEqual([]);
  });

  test('many joins are one broadcast', async () => {
    const watcher = await viewer();
    const many = await Promise.all(Array.from({ length: 40 }, () => connect()));
    await Promise.all(many.map((each) => each.ask('stream:join', { streamId, sessionId: v7() })));
    await until('all counted', () => watcher.of('stream:viewer-count').at(-1)?.count === 40);
    const joins = watcher.of('stream:viewer-joined');
    expect(joins.reduce((sum: number, { joined }) => sum + joined, 0)).toBe(40);
    expect(joins.length).toBeLessThan(12);
  });
});

describe('requests', () => {
  test('nobody writes without signing in', async () => {
    const client = await viewer();
    for (const [event, payload] of [
      ['chat:send', { streamId, content: 'x', clientId: 'a' }],
      ['chat:delete', { streamId, messageId: v7() }],
      ['chat:pin', { streamId, messageId: v7() }],
      ['reaction:send', { streamId, emoji: '🔥' }],
      ['question:ask', { streamId, content: 'x', clientId: 'a' }],
    ] as const) {
      expect(await client.ask(event, payload)).toMatchObject({
        ok: false,
        error: { code: 'UNAUTHENTICATED' },
      });
    }
    expect(fixture.chat.messages).toEqual([]);
  });

  test('an API token that may only read does not write', async () => {
    const token = fixture.actors.issue({ ...person(), by: 'api-token', scopes: ['read'] });
    const client = await viewer({ token });
    expect(await send(client, 'x')).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
  });

  test('what is not valid is refused with the field that is wrong', async () => {
    const client = await writer();
    expect(await client.ask('chat:send', { streamId, content: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_REQUEST', details: [{ path: 'body.clientId' }] },
    });
    expect(await client.ask('stream:join', { streamId: 'not-a-uuid' })).toMatchObject({ ok: false });
    expect(await client.ask('stream:join', null)).toMatchObject({ ok: false });
  });

  test('a service that fails is an acknowledgement, not silence; its own words stay in the log', async () => {
    const client = await writer();
    fixture.chat.failure = liveError('SLOW_MODE', 'Slow mode active', { retryAfterSeconds: 3 });
    expect(await send(client, 'x')).toEqual({
      ok: false,
      error: { code: 'SLOW_MODE', message: 'Slow mode active', details: { retryAfterSeconds: 3 } },
    });
    fixture.chat.failure = new Error('password of the database is CANARY');
    const refused = await send(client, 'x');
    expect(refused).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    expect(JSON.stringify(refused)).not.toContain('CANARY');
  });

  test('history after a position closes a gap', async () => {
    const client = await writer();
    for (let index = 0; index < 5; index++) await send(client, `m${index}`);
    const { messages, lastSeq, epoch } = await client.ask('chat:history', { streamId, afterSeq: 3 });
    expect(messages.map(({ seq }: { seq: number }) => seq)).toEqual([4, 5]);
    expect(lastSeq).toBe(5);
    expect(epoch).toBe(fixture.chat.epoch);
  });
});

describe('refused', () => {
  test('is a playback: then the connection is neither in the room nor holds it', async () => {
    const joining = await TestClient.connect(fixture.url, {});
    clients.push(joining);
    vi.spyOn(fixture.presence, 'join').mockRejectedValueOnce(liveError('CONFLICT', 'somebody else holds it'));
    const sessionId = 'session-1';
    const answer = await joining.ask('stream:join', { streamId, sessionId });
    expect(answer).toMatchObject({ ok: false, error: { code: 'CONFLICT' } });
    expect(await joining.ask('viewer:heartbeat', { streamId, sessionId, transport: 'hls' })).toMatchObject({
      ok: false,
      error: { code: 'NOT_FOUND' },
    });
    fixture.events.emit('chat-unpinned', { streamId, messageId: v7() });
    await joining.ask('stream:leave', { streamId: v7() });
    expect(joining.of('stream:chat-unpinned')).toEqual([]);
    expect(await joining.ask('stream:join', { streamId, sessionId })).toMatchObject({ ok: true });
  });

  test('is an API token that may not read, by whatever name it asks', async () => {
    const token = fixture.actors.issue({ ...person(), by: 'api-token', scopes: ['write'] });
    const joining = await TestClient.connect(fixture.url, { token });
    clients.push(joining);
    const asked = [
      joining.ask('stream:join', { streamId }),
      joining.ask('stream:viewer-joined', { streamId }),
      joining.ask('channel:join', { channelId: streamId }),
      joining.ask('stream:start', { streamId }),
    ];
    const refused = { ok: false, error: { code: 'FORBIDDEN' } };
    expect(await Promise.all(asked)).toMatchObject([refused, refused, refused, refused]);
  });
});

describe('recovery', () => {
  test('a plain client whose connection broke gets what it missed, in order', async () => {
    const reader = await viewer({ reconnects: true });
    const alice = await viewer({ token: fixture.actors.issue(), reconnects: true });
    await send(alice, 'before');
    await until('known', () => reader.of('stream:chat-message').length === 1);
    const writing = await writer();
    reader.socket.io.engine.close();
    await until('gone', () => !reader.socket.connected);
    await Promise.all(['a', 'b', 'c'].map((text) => send(writing, text)));
    await until('all four', () => reader.of('stream:chat-message').length === 4);
    expect(reader.of('stream:chat-message').map(({ content }) => content)).toEqual(['before', 'a', 'b', 'c']);
    expect(reader.socket.recovered).toBe(true);
    await send(writing, 'after');
    await until('five', () => reader.of('stream:chat-message').length === 5);
  });

  test('who comes back while events wait to be told together is told each of them once', async () => {
    await fixture.close();
    fixture = await RealtimeFixture.start({ batchAbovePerSecond: 1, batchMs: 500 });
    const reader = await viewer({ reconnects: true });
    const writing = await writer();
    await send(writing, 'before');
    await until('known', () => reader.of('stream:chat-message').length === 1);
    reader.socket.io.engine.close();
    await until('gone', () => fixture.server.sockets === 1);
    await Promise.all(['a', 'b'].map((text) => send(writing, text)));
    await until('recovered', () => reader.socket.recovered);
    await send(writing, 'after');
    await until('all', () => reader.of('stream:chat-message').at(-1)?.content === 'after');
    expect(reader.of('stream:chat-message').map(({ content }) => content)).toEqual([
      ...['before', 'a', 'b', 'after'],
    ]);
  });

  test('who comes back is told what is said while it is asked who they are', async () => {
    const reader = await viewer({ token: fixture.actors.issue(), reconnects: true });
    const writing = await writer();
    await send(writing, 'before');
    await until('known', () => reader.of('stream:chat-message').length === 1);
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const resolveActor = fixture.actors.resolve.bind(fixture.actors);
    const asked = vi.spyOn(fixture.actors, 'resolve').mockImplementation(async (headers) => {
      // First for what was missed, then for the connection.
      if (asked.mock.calls.length === 2) await answered;
      return resolveActor(headers);
    });
    reader.socket.io.engine.close();
    await until('asked twice', () => asked.mock.calls.length === 2);
    await send(writing, 'meanwhile');
    answer();
    await until('back', () => reader.socket.connected);
    expect(reader.socket.recovered).toBe(true);
    await until('told', () => reader.of('stream:chat-message').at(-1)?.content === 'meanwhile');
  });

  test('who lost the right without anybody saying so recovers nothing', async () => {
    const reader = await viewer({ reconnects: true });
    const alice = await writer();
    await send(alice, 'before');
    await until('known', () => reader.of('stream:chat-message').length === 1);
    reader.socket.io.reconnection(false);
    reader.socket.io.engine.close();
    await until('gone', () => fixture.server.sockets === 1);
    await send(alice, 'secret');
    fixture.access.private.add(streamId);
    reader.socket.connect();
    await until('back', () => reader.socket.connected);
    expect(await reader.ask('stream:join', { streamId })).toMatchObject({ ok: false });
    expect(reader.of('stream:chat-message').map(({ content }) => content)).toEqual(['before']);
  });

  test('who was banned meanwhile recovers nothing', async () => {
    const actor = person();
    const reader = await viewer({ reconnects: true, token: fixture.actors.issue(actor) });
    const alice = await writer();
    await send(alice, 'before');
    await until('known', () => reader.of('stream:chat-message').length === 1);
    fixture.access.barred.add(actor.userId ?? '');
    reader.socket.io.reconnection(false);
    reader.socket.io.engine.close();
    await until('gone', () => fixture.server.sockets === 1);
    fixture.events.emit('user-barred', {
      ...{ channelId: fixture.access.channelId, streamId: undefined },
      ...{ userId: actor.userId ?? '', kind: 'ban' },
    });
    await send(alice, 'secret');
    reader.socket.connect();
    await until('back', () => reader.socket.connected);
    expect(reader.socket.recovered).toBe(false);
    expect(await reader.ask('stream:join', { streamId })).toMatchObject({ ok: false });
    expect(reader.of('stream:chat-message').map(({ content }) => content)).toEqual(['before']);
  });
});
