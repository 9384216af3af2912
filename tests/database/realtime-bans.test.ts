import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RealtimeClient } from '../../packages/client/src/realtime/realtime-client.ts';
import { ControlServer } from '../support/control-server.ts';

let server: ControlServer;
let owner: Person;
const [channelId, streamId, privateId] = [v7(), v7(), v7()];
const clients: RealtimeClient[] = [];

interface Person {
  readonly userId: string;
  readonly token: string;
}

/** Somebody whom the host app knows; of a role in the channel when one is given. */
async function person(role?: string): Promise<Person> {
  const userId = v7();
  await server.test.database.asService(async (tx) => {
    const created_at = new Date(Date.now() - 1e9);
    await tx
      .insertInto('users')
      .values({ id: userId, username: `u${userId.slice(-12)}`, created_at })
      .execute();
    if (role !== undefined) {
      await tx
        .insertInto('nchat_channel_members')
        .values({ channel_id: channelId, user_id: userId, role })
        .execute();
    }
  });
  return { userId, token: await server.tokenOf(userId) };
}

async function connect({ token }: Person): Promise<RealtimeClient> {
  const client = new RealtimeClient({ url: server.url, token: () => token, retryMs: [20, 100] });
  clients.push(client);
  client.connect();
  await vi.waitFor(() => expect(client.isConnected).toBe(true), { timeout: 10_000, interval: 20 });
  return client;
}

function call({ token }: Person, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${server.url}/api/streams/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** The status of an answer, and the code of its error. */
async function outcome(answer: Promise<Response>): Promise<[number, string | undefined]> {
  const { status, body } = await answer.then(async (got) => ({ status: got.status, body: await got.json() }));
  const { code, error } = body as { code?: string; error?: { code?: string } };
  return [status, code ?? error?.code];
}

beforeAll(async () => {
  server = await ControlServer.start();
  await server.test.database.asService((tx) =>
    tx.insertInto('nchat_channels').values({ id: channelId, name: 'channel' }).execute(),
  );
  owner = await person('owner');
  const stream = { channel_id: channelId, broadcaster_id: owner.userId, title: 'show', status: 'live' };
  await server.test.database.asService((tx) =>
    tx
      .insertInto('nchat_streams')
      .values([
        { ...stream, id: streamId },
        { ...stream, id: privateId, visibility: 'private', enable_qa: true },
      ])
      .execute(),
  );
});
afterAll(async () => {
  for (const client of clients) client.close();
  await server.close();
});

describe('a member who is banned from a private stream', () => {
  test('is put out of the room within two seconds, and is refused what was said there', async () => {
    const [banned, other] = [await person('viewer'), await person('viewer')];
    const [bannedClient, otherClient] = [await connect(banned), await connect(other)];
    const heard = new Map<RealtimeClient, Set<string>>();
    for (const client of [bannedClient, otherClient]) {
      const texts = new Set<string>();
      heard.set(client, texts);
      client.on('stream:chat-message', ({ content }) => texts.add(content));
      await client.join(privateId);
    }
    /** Says something in the stream; true when the banned one hears it, too. */
    const isHeard = async (text: string): Promise<boolean> => {
      expect((await call(owner, 'POST', `${privateId}/chat`, { content: text })).status).toBe(200);
      await vi.waitFor(() => expect(heard.get(otherClient)).toContain(text), { timeout: 5000, interval: 5 });
      // An answer comes after what was told before it.
      await bannedClient.request('stream:join', { streamId });
      return heard.get(bannedClient)?.has(text) === true;
    };
    expect(await isHeard('before')).toBe(true);
    expect((await call(banned, 'GET', `${privateId}/chat`)).status).toBe(200);

    expect((await call(owner, 'POST', `${privateId}/bans`, { userId: banned.userId })).status).toBeLessThan(
      300,
    );
    for (const list of ['chat', 'chat/pinned', 'questions', 'reactions']) {
      expect(await outcome(call(banned, 'GET', `${privateId}/${list}`)), list).toEqual([
        404,
        'STREAM_NOT_FOUND',
      ]);
      expect((await call(other, 'GET', `${privateId}/${list}`)).status, list).toBe(200);
    }
    const untilMs = Date.now() + 2000;
    let n = 0;
    while (await isHeard(`after ${n}`)) {
      expect(Date.now(), 'still hears the room').toBeLessThan(untilMs);
      n += 1;
    }
    expect(await isHeard('later')).toBe(false);
    const refused = { code: 'STREAM_NOT_FOUND' };
    await expect(bannedClient.join(privateId)).rejects.toMatchObject(refused);
    await expect(bannedClient.request('chat:history', { streamId: privateId })).rejects.toMatchObject(
      refused,
    );

    await call(owner, 'DELETE', `${privateId}/bans/${banned.userId}`);
    // A join that crosses the news of the changed rights is told to try again.
    await vi.waitFor(() => bannedClient.join(privateId), { timeout: 5000 });
    expect(await isHeard('welcome back')).toBe(true);
  });
});

describe('a moderator who is banned', () => {
  test('lifts nothing and moderates nothing, by REST and by socket', async () => {
    const [moderator, viewer] = [await person(), await person()];
    const appointed = await call(owner, 'POST', `${streamId}/moderators`, {
      userId: moderator.userId,
      permissions: { canBanUsers: true },
    });
    expect(appointed.ok, await appointed.clone().text()).toBe(true);
    const said = await call(viewer, 'POST', `${streamId}/chat`, { content: 'hello' });
    const { id: messageId } = (await said.json()) as { id: string };
    const client = await connect(moderator);
    await client.join(streamId);
    const banned = await call(owner, 'POST', `${streamId}/bans`, { userId: moderator.userId });
    expect(banned.ok, await banned.clone().text()).toBe(true);

    const refused = [403, 'VIEWER_BANNED'];
    const { userId } = viewer;
    expect(await outcome(call(moderator, 'DELETE', `${streamId}/bans/${moderator.userId}`))).toEqual(refused);
    expect(
      await outcome(
        call(moderator, 'POST', `${streamId}/moderate`, { action: 'unban', userId: moderator.userId }),
      ),
    ).toEqual(refused);
    expect(await outcome(call(moderator, 'POST', `${streamId}/bans`, { userId }))).toEqual(refused);
    expect(
      await outcome(call(moderator, 'POST', `${streamId}/timeouts`, { userId, durationSeconds: 5 })),
    ).toEqual(refused);
    expect(await outcome(call(moderator, 'DELETE', `${streamId}/chat/${messageId}`))).toEqual(refused);
    expect(await outcome(call(moderator, 'POST', `${streamId}/chat/${messageId}/pin`))).toEqual(refused);
    for (const event of ['chat:delete', 'chat:pin', 'chat:unpin'] as const) {
      await expect(client.request(event, { streamId, messageId }), event).rejects.toMatchObject({
        code: 'VIEWER_BANNED',
      });
    }
    expect(await client.join(streamId)).toMatchObject({ isModerator: false });
  });
});
