import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ChatStore } from '../../packages/client/src/realtime/chat-store.ts';
import { PlaybackHeartbeat } from '../../packages/client/src/realtime/playback-heartbeat.ts';
import { RealtimeClient } from '../../packages/client/src/realtime/realtime-client.ts';
import { ControlServer } from '../support/control-server.ts';

let server: ControlServer;
const [ownerId, channelId, streamId, privateId] = [v7(), v7(), v7(), v7()];
const open: { close(): unknown }[] = [];

/** Somebody whom the host app knows, with an account that is old enough for anything. */
async function person(userId: string = v7()): Promise<{ userId: string; token: string }> {
  await server.test.database.asService((tx) =>
    tx
      .insertInto('users')
      .values({ id: userId, username: `u${userId.slice(-12)}`, created_at: new Date(Date.now() - 1e9) })
      .execute(),
  );
  return { userId, token: await server.tokenOf(userId) };
}

async function connect(token?: string): Promise<RealtimeClient> {
  const client = new RealtimeClient({ url: server.url, token: () => token, retryMs: [20, 100] });
  open.push(client);
  client.connect();
  await until('connected', () => client.isConnected);
  return client;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds(), what).toBe(true), { timeout: 10_000, interval: 20 });
}

async function chatOf(client: RealtimeClient): Promise<ChatStore> {
  await client.join(streamId);
  const store = new ChatStore(client, streamId);
  open.unshift(store);
  await until('loaded', () => !store.snapshot.isLoading);
  return store;
}

function call(method: string, path: string, token: string, body?: object): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

let ownerToken: string;
beforeAll(async () => {
  server = await ControlServer.start();
  ({ token: ownerToken } = await person(ownerId));
  await server.test.database.asService(async (tx) => {
    await tx.insertInto('nchat_channels').values({ id: channelId, name: 'channel' }).execute();
    await tx
      .insertInto('nchat_channel_members')
      .values({ channel_id: channelId, user_id: ownerId, role: 'owner' })
      .execute();
    const stream = { channel_id: channelId, broadcaster_id: ownerId, title: 'show', status: 'live' };
    await tx
      .insertInto('nchat_streams')
      .values([
        { ...stream, id: streamId },
        { ...stream, id: privateId, visibility: 'private' },
      ])
      .execute();
  });
});
afterAll(async () => {
  for (const each of open) await each.close();
  await server.close();
});

describe('realtime over the whole control plane', () => {
  test('a message sent by socket is stored, numbered, and told to everybody in the room, also to who has not signed in', async () => {
    const alice = await person();
    const [writing, reading] = [await chatOf(await connect(alice.token)), await chatOf(await connect())];
    const first = await writing.send('hello');
    const second = await writing.send('world');
    expect(second.seq).toBe(first.seq + 1);
    await until('told', () => reading.snapshot.messages.at(-1)?.id === second.id);
    const rows = await server.test.database.asService((tx) =>
      tx
        .selectFrom('nchat_stream_chat_messages')
        .select(['content', 'seq', 'user_id'])
        .where('stream_id', '=', streamId)
        .where('user_id', '=', alice.userId)
        .orderBy('seq')
        .execute(),
    );
    expect(rows.map(({ content }) => content)).toEqual(['hello', 'world']);
  });

  test('a message sent by REST is told by socket, and history over the socket has it too', async () => {
    const alice = await person();
    const client = await connect();
    const reading = await chatOf(client);
    const answer = await call('POST', `/api/streams/${streamId}/chat`, alice.token, { content: 'by REST' });
    expect(answer.status).toBe(200);
    await until('told', () => reading.snapshot.messages.at(-1)?.content === 'by REST');
    const { messages } = await client.request('chat:history', { streamId, limit: 1 });
    expect(messages).toMatchObject([{ content: 'by REST' }]);
  });

  test('a private stream is not found', async () => {
    const alice = await person();
    const client = await connect(alice.token);
    await expect(client.join(privateId)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    await expect(
      client.request('chat:send', { streamId: privateId, content: 'x', clientId: v7() }),
    ).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    const owner = await connect(ownerToken);
    expect(await owner.join(privateId)).toMatchObject({ isModerator: true });
  });

  test('who is banned hears of it within two seconds and writes no more; nothing of theirs is acknowledged after the ban is', async () => {
    const mallory = await person();
    const client = await connect(mallory.token);
    const store = await chatOf(client);
    await store.send('before');
    const told: unknown[] = [];
    client.on('stream:user-banned', (payload) => told.push(payload));
    const answer = await call('POST', `/api/streams/${streamId}/bans`, ownerToken, {
      userId: mallory.userId,
    });
    expect(answer.ok, await answer.clone().text()).toBe(true);
    await expect(store.send('after')).rejects.toMatchObject({
      code: expect.stringMatching(/VIEWER_BANNED|STREAM_NOT_FOUND/),
    });
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 2000 });
  });

  test('a playback counts, by its session and once', async () => {
    const client = await connect();
    const counts: number[] = [];
    client.on('stream:viewer-count', ({ streamId: id, count }) => id === streamId && counts.push(count));
    const heartbeat = new PlaybackHeartbeat({ client, streamId, read: () => ({ quality: '720p' }) });
    await until('counted', () => counts.at(-1) === 1);
    await client.request('viewer:heartbeat', { streamId, sessionId: heartbeat.sessionId, quality: '480p' });
    await client.join(streamId, heartbeat.sessionId);
    await heartbeat.close();
    const { viewerCount } = await client.request('stream:join', { streamId });
    expect(viewerCount).toBe(0);
  });

  test('reactions and questions reach the room', async () => {
    const alice = await person();
    const client = await connect(alice.token);
    await client.join(streamId);
    const told: string[] = [];
    client.on('stream:reaction', ({ emoji }) => told.push(emoji));
    await client.request('reaction:send', { streamId, emoji: '🔥', positionX: 10, positionY: 20 });
    await until('told', () => told.length === 1);
    await server.test.database.asService((tx) =>
      tx.updateTable('nchat_streams').set({ enable_qa: true }).where('id', '=', streamId).execute(),
    );
    const asked: string[] = [];
    client.on('stream:question-asked', ({ content }) => asked.push(content));
    const { question } = await client.request('question:ask', { streamId, content: 'why?', clientId: v7() });
    await until('asked', () => asked.length === 1);
    const bob = await connect((await person()).token);
    expect(await bob.request('question:upvote', { streamId, questionId: question.id })).toMatchObject({
      question: { upvotes: 1 },
    });
  });
});
