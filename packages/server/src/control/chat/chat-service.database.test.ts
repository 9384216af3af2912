import type { StreamChatMessage } from '@tallylight/protocol/entities/talk.ts';
import { StreamNotFoundError } from '@tallylight/protocol/errors.ts';
import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import { TestDatabase } from '../../db/testing/test-database.ts';
import type { ChatLimits } from './chat-limits.ts';
import { actorOf, ChatStage, HandClock } from './testing/chat-stage.ts';

let postgres: TestDatabase;
const stages: ChatStage[] = [];

beforeAll(async () => {
  postgres = await TestDatabase.create();
});

afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
});

afterAll(async () => {
  await postgres.drop();
});

async function setUp(limits: Partial<ChatLimits> = {}, clock = new HandClock()) {
  const stage = await ChatStage.create(postgres.database, { limits, clock });
  stages.push(stage);
  const told: StreamChatMessage[] = [];
  stage.events.on('chat-message', (message) => told.push(message));
  return { stage, told, clock };
}

const roomy = { userPerSec: 10_000, userBurst: 10_000, roomPerSec: 10_000 };

describe('sending', () => {
  test('a message is stored, told to others, and then acknowledged', async () => {
    const { stage, told } = await setUp();
    const streamId = await stage.stream();
    const ann = await stage.person('Ann');
    const message = await stage.chat.send(ann, { streamId, content: '  hello  ', clientId: 'c1' });
    expect(message).toMatchObject({
      streamId,
      userId: ann.userId,
      content: 'hello',
      seq: 1,
      clientId: 'c1',
      user: { displayName: 'Ann', isModerator: false },
    });
    expect(told).toEqual([message]);
    const { messages, lastSeq } = await stage.chat.history(NOBODY, streamId, { limit: 10 });
    expect(messages).toEqual([message]);
    expect(lastSeq).toBe(1);
  });

  test('messages of many authors at once are numbered without gaps and told in that order', async () => {
    const { stage, told } = await setUp(roomy);
    const streamIds = await Promise.all([stage.stream(), stage.stream()]);
    const people = await Promise.all(Array.from({ length: 10 }, (_, n) => stage.person(`P${n}`)));
    const sent = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        stage.chat.send(people[n % 10] ?? stage.owner, {
          streamId: streamIds[n % 2] ?? '',
          content: `message ${n}`,
        }),
      ),
    );
    for (const streamId of streamIds) {
      const seqs = told.filter((message) => message.streamId === streamId).map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    }
    expect(told).toHaveLength(200);
    // What each sent in a row stays in that order.
    const mine = sent.filter(({ userId }) => userId === people[0]?.userId).map(({ seq }) => seq);
    expect(mine).toEqual(mine.toSorted((a, b) => a - b));
    const row = await postgres.database.asService((tx) =>
      sql<{ n: number }>`SELECT count(*) AS n FROM nchat_stream_chat_messages m
        WHERE m.stream_id = ANY (${streamIds}::uuid[])`.execute(tx),
    );
    expect(row.rows).toEqual([{ n: 200 }]);
  });

  test('the same client id twice is one message, told once', async () => {
    const { stage, told } = await setUp();
    const streamId = await stage.stream();
    const ann = await stage.person('Ann');
    const [first, again] = await Promise.all([
      stage.chat.send(ann, { streamId, content: 'once', clientId: 'same' }),
      stage.chat.send(ann, { streamId, content: 'other words', clientId: 'same' }),
    ]);
    const later = await stage.chat.send(ann, { streamId, content: 'once', clientId: 'same' });
    expect([again.id, later.id]).toEqual([first.id, first.id]);
    expect(again.content).toBe('once');
    expect(told).toHaveLength(1);
    // Client ids are each sender's own.
    const bob = await stage.person('Bob');
    expect((await stage.chat.send(bob, { streamId, content: 'mine', clientId: 'same' })).seq).toBe(2);
  });

  test('a message sent again after the chat closed is still acknowledged', async () => {
    const { stage } = await setUp();
    const streamId = await stage.stream();
    const first = await stage.chat.send(stage.owner, { streamId, content: 'last words', clientId: 'c' });
    await stage.change(streamId, { status: 'ended' });
    const again = await stage.chat.send(stage.owner, { streamId, content: 'last words', clientId: 'c' });
    expect(again.id).toBe(first.id);
    await expect(stage.chat.send(stage.owner, { streamId, content: 'more', clientId: 'd' })).rejects.toThrow(
      'Stream is not live',
    );
  });

  test('500 code points pass and 501 do not, whatever their bytes', async () => {
    const { stage } = await setUp();
    const streamId = await stage.stream();
    const send = (content: string) => stage.chat.send(stage.owner, { streamId, content });
    expect((await send('😀'.repeat(500))).content).toHaveLength(1000);
    await expect(send('😀'.repeat(501))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'Message too long (max 500 characters)',
    });
    await expect(send(' \n\u0000 ')).rejects.toThrow('Message cannot be empty');
    // What PostgreSQL would refuse, and with it the whole batch.
    expect((await send('a\u0000b\ud800')).content).toBe('ab\ufffd');
  });

  test('nobody writes without being signed in, nor to a stream that does not exist for them', async () => {
    const { stage } = await setUp();
    const hidden = await stage.stream({ visibility: 'private' });
    const ann = await stage.person('Ann');
    const content = 'hi';
    await expect(stage.chat.send(NOBODY, { streamId: hidden, content })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      statusCode: 401,
    });
    await expect(stage.chat.send(ann, { streamId: hidden, content })).rejects.toThrow(StreamNotFoundError);
    await expect(stage.chat.send(ann, { streamId: v7(), content })).rejects.toThrow(StreamNotFoundError);
    await expect(stage.chat.history(ann, hidden, { limit: 1 })).rejects.toThrow(StreamNotFoundError);
    await expect(stage.curation.pinned(ann, hidden)).rejects.toThrow(StreamNotFoundError);
    const member = await stage.person('Member', 'moderator');
    await stage.chat.send(member, { streamId: hidden, content });
    const { messages } = await stage.chat.history(member, hidden, { limit: 1 });
    expect(messages).toMatchObject([{ content, user: { displayName: 'Member', isModerator: true } }]);
  });

  test('one refused message harms no other of its batch, and takes no number', async () => {
    const { stage, told } = await setUp();
    const streamId = await stage.stream({ chat_mode: 'followers' });
    const [fan, stranger] = await Promise.all([stage.person('Fan'), stage.person('Stranger')]);
    const follow = { channel_id: stage.channelId };
    await postgres.database.asService((tx) =>
      tx
        .insertInto('nchat_channel_follows')
        .values([
          { ...follow, user_id: fan.userId },
          { ...follow, user_id: stranger.userId },
        ])
        .execute(),
    );
    await stage.chat.send(stranger, { streamId, content: 'as a follower' });
    // No event tells that they no longer follow: only the policy knows.
    await postgres.database.asService((tx) =>
      tx.deleteFrom('nchat_channel_follows').where('user_id', '=', stranger.userId).execute(),
    );
    const outcomes = await Promise.allSettled([
      stage.chat.send(fan, { streamId, content: 'one' }),
      stage.chat.send(stranger, { streamId, content: 'two' }),
      stage.chat.send(fan, { streamId, content: 'three' }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({
      reason: { code: 'FOLLOWERS_ONLY', message: 'Follower-only mode is enabled' },
    });
    expect(told.map(({ seq, content }) => [seq, content])).toEqual([
      [1, 'as a follower'],
      [2, 'one'],
      [3, 'three'],
    ]);
  });
});

describe('who may write', () => {
  test('chat is open while live, and in the waiting room from 30 minutes before the schedule', async () => {
    const { stage, clock } = await setUp(roomy);
    const at = (minutes: number) => new Date(clock.now() + minutes * 60_000);
    const send = (streamId: string) => stage.chat.send(stage.owner, { streamId, content: 'early' });
    const early = await stage.stream({ status: 'scheduled', scheduled_at: at(31), waiting_room: true });
    await expect(send(early)).rejects.toMatchObject({ code: 'STREAM_NOT_LIVE', statusCode: 400 });
    const none = await stage.stream({ status: 'scheduled', scheduled_at: at(1) });
    await expect(send(none)).rejects.toThrow('Stream is not live');
    const open = await stage.stream({ status: 'scheduled', scheduled_at: at(29.9), waiting_room: true });
    await expect(send(open)).resolves.toMatchObject({ seq: 1 });
    const late = await stage.stream({ status: 'preparing', scheduled_at: at(-60), waiting_room: true });
    await expect(send(late)).resolves.toMatchObject({ seq: 1 });
    for (const status of ['ended', 'cancelled', 'ending', 'failed']) {
      const over = await stage.stream({ status, scheduled_at: at(-1), waiting_room: true });
      await expect(send(over)).rejects.toThrow('Stream is not live');
      expect((await stage.chat.history(NOBODY, over, { limit: 5 })).messages).toEqual([]);
    }
  });

  test('a stream that ended behind the memory of the server takes no message', async () => {
    const { stage } = await setUp();
    const streamId = await stage.stream();
    await stage.chat.send(stage.owner, { streamId, content: 'live' });
    await postgres.database.asService((tx) =>
      tx.updateTable('nchat_streams').set({ status: 'ended' }).where('id', '=', streamId).execute(),
    );
    await expect(stage.chat.send(stage.owner, { streamId, content: 'late' })).rejects.toThrow(
      'Stream is not live',
    );
  });

  test('modes: open for all, guests too; followers; subscribers; disabled', async () => {
    const { stage } = await setUp(roomy);
    const ann = await stage.person('Ann');
    const guest = { ...(await stage.person('Guest')), isGuest: true };
    const moderator = await stage.person('Mod', 'moderator');
    const send = (who: typeof ann, streamId: string) => stage.chat.send(who, { streamId, content: 'hi' });

    await expect(send(guest, await stage.stream())).resolves.toMatchObject({ seq: 1 });

    const followers = await stage.stream({ chat_mode: 'followers' });
    await expect(send(ann, followers)).rejects.toMatchObject({ code: 'FOLLOWERS_ONLY', statusCode: 403 });
    await expect(send(moderator, followers)).resolves.toMatchObject({ seq: 1 });
    await postgres.database.asService((tx) =>
      tx
        .insertInto('nchat_channel_follows')
        .values({ channel_id: stage.channelId, user_id: ann.userId })
        .execute(),
    );
    // At once, although the refusal was remembered.
    await expect(send(ann, followers)).resolves.toMatchObject({ seq: 2 });

    const subscribers = await stage.stream({ chat_mode: 'subscribers' });
    await expect(send(ann, subscribers)).rejects.toMatchObject({
      code: 'SUBSCRIBERS_ONLY',
      message: 'Subscriber-only mode is enabled',
    });
    await postgres.database.asService((tx) =>
      tx
        .insertInto('nchat_channel_subscriptions')
        .values({ channel_id: stage.channelId, user_id: ann.userId })
        .execute(),
    );
    await expect(send(ann, subscribers)).resolves.toMatchObject({
      seq: 1,
      user: { isSubscriber: true },
    });

    for (const columns of [{ chat_mode: 'disabled' }, { enable_chat: false }]) {
      const off = await stage.stream(columns);
      for (const who of [ann, moderator]) {
        await expect(send(who, off)).rejects.toMatchObject({
          code: 'CHAT_DISABLED',
          statusCode: 403,
          message: 'Chat is disabled for this stream',
        });
      }
    }
  });

  test('slow mode: the next message after its seconds, by a clock that never jumps; not for moderators', async () => {
    const { stage, clock } = await setUp();
    const streamId = await stage.stream({ slow_mode_seconds: 30 });
    const ann = await stage.person('Ann');
    const send = (who = ann, clientId?: string) =>
      stage.chat.send(who, { streamId, content: `at ${clock.monotonicMs()}`, clientId });
    const first = await send(ann, 'first');
    clock.pass(29_999);
    await expect(send()).rejects.toMatchObject({
      name: 'SlowModeError',
      code: 'SLOW_MODE',
      statusCode: 429,
      message: 'Slow mode: wait 1s',
      details: { retryAfterSeconds: 1 },
    });
    // Sending again what was stored is no second message.
    expect((await send(ann, 'first')).id).toBe(first.id);
    clock.pass(1);
    await send();
    const both = await Promise.allSettled([send(), send()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    for (let n = 0; n < 3; n += 1) await send(stage.owner);
  });

  test('slow mode holds over a restart of the server', async () => {
    const { stage } = await setUp();
    const streamId = await stage.stream({ slow_mode_seconds: 120 });
    const ann = await stage.person('Ann');
    await stage.chat.send(ann, { streamId, content: 'before' });
    const { stage: restarted } = await setUp();
    await expect(restarted.chat.send(ann, { streamId, content: 'after' })).rejects.toMatchObject({
      code: 'SLOW_MODE',
    });
  });

  test('links: not for guests nor for accounts younger than a day', async () => {
    const { stage } = await setUp();
    const streamId = await stage.stream();
    const content = 'see https://example.com/x';
    const send = (who: Parameters<typeof stage.chat.send>[0], text = content) =>
      stage.chat.send(who, { streamId, content: text });
    const aged = async (minutes: number) => {
      const person = actorOf(v7());
      const created_at = new Date(Date.now() - minutes * 60_000);
      await postgres.database.asService((tx) =>
        tx.insertInto('users').values({ id: person.userId, created_at }).execute(),
      );
      return person;
    };
    const old = await aged(24 * 60 + 1);
    await expect(send(old)).resolves.toMatchObject({ content });
    const rejection = { code: 'MESSAGE_REJECTED', message: 'Links are not allowed' };
    await expect(send({ ...old, isGuest: true })).rejects.toMatchObject(rejection);
    const fresh = await aged(24 * 60 - 1);
    await expect(send(fresh)).rejects.toMatchObject(rejection);
    await expect(send(fresh, 'no link.')).resolves.toBeDefined();
  });
});

describe('limits', () => {
  test('a person: five at once, then three a second', async () => {
    const { stage, clock } = await setUp();
    const [streamId, other] = [await stage.stream(), await stage.stream()];
    const ann = await stage.person('Ann');
    const send = (to = streamId) => stage.chat.send(ann, { streamId: to, content: 'hi' });
    for (let n = 0; n < 5; n += 1) await send(n % 2 === 0 ? streamId : other);
    await expect(send()).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      statusCode: 429,
      details: { retryAfterSeconds: 1 },
    });
    clock.pass(1000);
    for (let n = 0; n < 3; n += 1) await send();
    await expect(send(other)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  test('a room: so many a second', async () => {
    const { stage, clock } = await setUp({ ...roomy, roomPerSec: 7 });
    const streamId = await stage.stream();
    const send = () => stage.chat.send(stage.owner, { streamId, content: 'hi' });
    for (let n = 0; n < 7; n += 1) await send();
    await expect(send()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    clock.pass(1000);
    for (let n = 0; n < 7; n += 1) await send();
    await expect(send()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe('reading', () => {
  test('pages: the newest, further back by offset or number, and what was missed', async () => {
    const { stage } = await setUp(roomy);
    const streamId = await stage.stream();
    for (let n = 1; n <= 10; n += 1) await stage.chat.send(stage.owner, { streamId, content: `m${n}` });
    const read = async (page: Parameters<typeof stage.chat.history>[2]) =>
      (await stage.chat.history(NOBODY, streamId, page)).messages.map(({ content }) => content);
    expect(await read({ limit: 3 })).toEqual(['m8', 'm9', 'm10']);
    expect(await read({ limit: 3, offset: 3 })).toEqual(['m5', 'm6', 'm7']);
    expect(await read({ limit: 3, beforeSeq: 3 })).toEqual(['m1', 'm2']);
    expect(await read({ limit: 3, afterSeq: 4 })).toEqual(['m5', 'm6', 'm7']);
    expect(await read({ limit: 3, afterSeq: 10 })).toEqual([]);
    const { epoch, lastSeq } = await stage.chat.history(NOBODY, streamId, { limit: 1 });
    expect(epoch).toMatch(/^[0-9a-f-]{36}$/);
    expect(lastSeq).toBe(10);
  });
});

describe('counters', () => {
  test('are exact after a batch, at the end, and after a restart', async () => {
    const { stage } = await setUp({ ...roomy, totalsMs: 3_600_000 });
    const streamId = await stage.stream();
    const ann = await stage.person('Ann');
    const session = async (id: string, ago: number) => {
      await postgres.database.asService((tx) =>
        tx
          .insertInto('nchat_stream_viewers')
          .values({
            stream_id: streamId,
            user_id: ann.userId,
            session_id: id,
            joined_at: new Date(Date.now() - ago),
          })
          .execute(),
      );
    };
    const figures = () =>
      postgres.database.asService(async (tx) => {
        const stream = await tx
          .selectFrom('nchat_streams')
          .select('total_chat_messages')
          .where('id', '=', streamId)
          .executeTakeFirstOrThrow();
        const viewers = await tx
          .selectFrom('nchat_stream_viewers')
          .select(['session_id', 'sent_chat_messages'])
          .where('stream_id', '=', streamId)
          .orderBy('joined_at')
          .execute();
        return [
          stream.total_chat_messages,
          ...viewers.map((viewer) => `${viewer.session_id} ${viewer.sent_chat_messages}`),
        ];
      });
    await session('first', 60_000);
    for (let n = 0; n < 3; n += 1) await stage.chat.send(ann, { streamId, content: `a${n}` });
    await stage.chat.flush();
    expect(await figures()).toEqual([3, 'first 3']);
    await session('second', 0);
    await stage.chat.send(ann, { streamId, content: 'b' });
    await stage.chat.flush();
    expect(await figures()).toEqual([4, 'first 3', 'second 1']);
    // A killed server wrote nothing of these.
    await stage.chat.send(ann, { streamId, content: 'c' });
    const { stage: restarted } = await setUp();
    await restarted.chat.start();
    expect(await figures()).toEqual([5, 'first 3', 'second 2']);
    restarted.events.emit('stream-ended', { streamId, reason: 'completed' });
    await restarted.chat.flush();
    expect(await figures()).toEqual([5, 'first 3', 'second 2']);
  });
});

describe('what is remembered', () => {
  const rename = (userId: string, display_name: string) =>
    postgres.database.asService((tx) =>
      tx.updateTable('users').set({ display_name }).where('id', '=', userId).execute(),
    );

  test('is asked again after its time', async () => {
    const { stage, clock } = await setUp({ ...roomy, cacheMs: 1000 });
    const streamId = await stage.stream();
    const ann = await stage.person('Ann');
    const name = async () => (await stage.chat.send(ann, { streamId, content: 'hi' })).user?.displayName;
    expect(await name()).toBe('Ann');
    await rename(ann.userId, 'Anna');
    clock.pass(999);
    expect(await name()).toBe('Ann');
    clock.pass(1);
    expect(await name()).toBe('Anna');
  });

  test('is of so many people at most, and is forgotten when an event says so', async () => {
    const { stage } = await setUp({ ...roomy, cachedPeople: 2 });
    const streamId = await stage.stream();
    const [ann, bob, cid] = [await stage.person('A'), await stage.person('B'), await stage.person('C')];
    const name = async (who: typeof ann) =>
      (await stage.chat.send(who, { streamId, content: 'hi' })).user?.displayName;
    for (const who of [ann, bob]) await name(who);
    for (const who of [ann, bob]) await rename(who.userId, 'new');
    expect([await name(ann), await name(bob)]).toEqual(['A', 'B']);
    await name(cid);
    expect([await name(bob), await name(ann)]).toEqual(['B', 'new']);
    await rename(ann.userId, 'newer');
    expect(await name(ann)).toBe('new');
    stage.events.emit('access-changed', { userId: ann.userId });
    expect(await name(ann)).toBe('newer');
  });

  test('a listener that fails costs nobody their message', async () => {
    const { stage, told } = await setUp();
    const streamId = await stage.stream();
    stage.events.on('chat-message', () => {
      throw new Error('a bug');
    });
    await stage.chat.send(stage.owner, { streamId, content: 'one' });
    await stage.chat.send(stage.owner, { streamId, content: 'two' });
    expect(told.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('counters are written by themselves', async () => {
    const { stage } = await setUp({ totalsMs: 20 });
    const streamId = await stage.stream();
    await stage.chat.send(stage.owner, { streamId, content: 'one' });
    await vi.waitFor(async () => {
      const row = await postgres.database.asService((tx) =>
        tx
          .selectFrom('nchat_streams')
          .select('total_chat_messages')
          .where('id', '=', streamId)
          .executeTakeFirst(),
      );
      expect(row).toEqual({ total_chat_messages: 1 });
    }, 5000);
  });
});
