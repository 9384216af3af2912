import type { ModeratorPermissions } from '@tallylight/protocol/entities/moderation.ts';
import { sql } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import { TestDatabase } from '../../db/testing/test-database.ts';
import { actorOf, ChatStage, HandClock } from '../chat/testing/chat-stage.ts';
import type { ControlEventMap } from '../control-events.ts';

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

async function setUp() {
  const clock = new HandClock();
  const limits = { userPerSec: 10_000, userBurst: 10_000, roomPerSec: 10_000 };
  const stage = await ChatStage.create(postgres.database, { limits, clock });
  stages.push(stage);
  const barred: ControlEventMap['user-barred'][0][] = [];
  stage.events.on('user-barred', (event) => barred.push(event));
  const streamId = await stage.stream();
  const [ann, bob] = await Promise.all([stage.person('Ann'), stage.person('Bob')]);
  const { chat, moderation, curation, owner } = stage;
  const say = (who: typeof ann, content = `words ${v7()}`, clientId?: string) =>
    chat.send(who, { streamId, content, clientId });
  const appoint = (who: typeof ann, permissions?: Partial<ModeratorPermissions>) =>
    moderation.addModerator(owner, streamId, who.userId, permissions);
  const actions = async () =>
    (await moderation.getModerationLogs(owner, streamId, { limit: 100, offset: 0 })).map(
      ({ action, targetUserId, moderatorId }) => [action, targetUserId, moderatorId],
    );
  return {
    stage,
    chat,
    moderation,
    curation,
    owner,
    streamId,
    ann,
    bob,
    say,
    appoint,
    barred,
    clock,
    actions,
  };
}

const DENIED = { code: 'STREAM_UNAUTHORIZED', statusCode: 403 };
const everybody = { limit: 50, offset: 0 };

describe('moderators', () => {
  test('owners appoint and dismiss them, with the permissions of nchat by default', async () => {
    const { moderation, streamId, owner, ann, bob, appoint, actions } = await setUp();
    const added = await appoint(ann);
    expect(added).toMatchObject({
      streamId,
      userId: ann.userId,
      addedBy: owner.userId,
      permissions: {
        canDeleteMessages: true,
        canTimeoutUsers: true,
        canBanUsers: false,
        canSlowMode: true,
        canSubscriberOnlyMode: false,
        canPinMessages: true,
      },
      user: { displayName: 'Ann' },
    });
    await expect(appoint(ann)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'User is already a moderator',
    });
    expect(await moderation.getModerators(NOBODY, streamId)).toEqual([added]);
    await expect(moderation.addModerator(ann, streamId, bob.userId)).rejects.toMatchObject(DENIED);
    await expect(moderation.addModerator(bob, streamId, bob.userId)).rejects.toMatchObject(DENIED);
    await expect(appoint(actorOf(v7()))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(moderation.removeModerator(bob, streamId, ann.userId)).rejects.toMatchObject(DENIED);
    await moderation.removeModerator(owner, streamId, ann.userId);
    await expect(moderation.removeModerator(owner, streamId, ann.userId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await appoint(bob);
    // One may go by oneself.
    await moderation.removeModerator(owner, streamId, bob.userId);
    expect(await moderation.getModerators(NOBODY, streamId)).toEqual([]);
    expect((await actions()).map(([action]) => action)).toEqual([
      'remove_moderator',
      'add_moderator',
      'remove_moderator',
      'add_moderator',
    ]);
  });

  test('each action needs its permission', async () => {
    const { stage, moderation, curation, streamId, owner, ann, bob, say, appoint } = await setUp();
    const message = await say(bob);
    const userId = bob.userId;
    const attempts: Record<keyof ModeratorPermissions, () => Promise<unknown>> = {
      canDeleteMessages: () => curation.delete(ann, streamId, message.id),
      canTimeoutUsers: () => moderation.timeoutUser(ann, streamId, { userId, durationSeconds: 1 }),
      canBanUsers: () => moderation.banUser(ann, streamId, { userId }),
      canSlowMode: () => moderation.changeChatSettings(ann, streamId, { slowModeSeconds: 5 }),
      canSubscriberOnlyMode: () => moderation.changeChatSettings(ann, streamId, { subscriberOnly: true }),
      canPinMessages: () => curation.pin(ann, streamId, message.id),
    };
    const names = Object.keys(attempts) as (keyof ModeratorPermissions)[];
    for (const name of names) await expect(attempts[name](), name).rejects.toMatchObject(DENIED);
    await appoint(ann, Object.fromEntries(names.map((name) => [name, false])));
    for (const name of names) await expect(attempts[name](), name).rejects.toMatchObject(DENIED);
    // Pinned before it is deleted.
    for (const name of names.toReversed()) {
      await moderation.removeModerator(owner, streamId, ann.userId);
      await appoint(ann, { ...Object.fromEntries(names.map((each) => [each, false])), [name]: true });
      await expect(attempts[name](), name).resolves.not.toThrow();
      for (const other of names.filter((each) => each !== name)) {
        await expect(attempts[other](), `${other} with ${name}`).rejects.toMatchObject(DENIED);
      }
    }
    // The channel's moderators may do all of it.
    const channelModerator = await stage.person('Chan', 'moderator');
    await moderation.unbanUser(channelModerator, streamId, userId);
    await moderation.changeChatSettings(channelModerator, streamId, { mode: 'open', slowModeSeconds: 0 });
  });

  test('nobody acts on owners, equals, superiors or themselves', async () => {
    const { stage, moderation, curation, streamId, owner, ann, bob, say, appoint } = await setUp();
    const permissions = { canBanUsers: true };
    await Promise.all([appoint(ann, permissions), appoint(bob, permissions)]);
    const channelModerator = await stage.person('Chan', 'moderator');
    const channelAdmin = await stage.person('Boss', 'admin');
    const ban = (by: typeof ann, { userId }: typeof ann) => moderation.banUser(by, streamId, { userId });
    for (const target of [owner, channelAdmin, channelModerator, bob, ann]) {
      await expect(ban(ann, target)).rejects.toMatchObject(DENIED);
    }
    for (const target of [owner, channelAdmin]) {
      await expect(ban(channelModerator, target)).rejects.toMatchObject(DENIED);
      await expect(ban({ ...channelModerator, role: 'admin' }, target)).rejects.toMatchObject(DENIED);
      await expect(
        moderation.timeoutUser(ann, streamId, { userId: target.userId, durationSeconds: 1 }),
      ).rejects.toMatchObject(DENIED);
    }
    const words = await say(owner);
    await expect(curation.delete(ann, streamId, words.id)).rejects.toMatchObject(DENIED);
    await ban(channelModerator, bob);
    await ban(owner, channelModerator);
  });
});

describe('bans', () => {
  test('take effect at once, and are lifted', async () => {
    const { chat, moderation, streamId, owner, ann, bob, say, barred, actions } = await setUp();
    await say(ann, 'before', 'c1');
    const ban = await moderation.banUser(owner, streamId, { userId: ann.userId, reason: 'rude' });
    expect(ban).toMatchObject({ streamId, scope: 'stream', isPermanent: true, reason: 'rude' });
    const refusal = {
      name: 'ViewerBannedError',
      code: 'VIEWER_BANNED',
      statusCode: 403,
      message: 'You are banned from this stream',
    };
    await expect(say(ann)).rejects.toMatchObject(refusal);
    // Not even what was stored before is acknowledged again.
    await expect(say(ann, 'before', 'c1')).rejects.toMatchObject(refusal);
    expect(await chat.check(ann, streamId, 'hi')).toEqual({
      allowed: false,
      reason: 'You are banned from this stream',
    });
    await expect(moderation.banUser(owner, streamId, { userId: ann.userId })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'User is already banned',
    });
    const bans = await moderation.getBannedUsers(owner, streamId, everybody);
    expect(bans).toEqual([{ ...ban, user: expect.objectContaining({ displayName: 'Ann' }) }]);
    await expect(moderation.getBannedUsers(bob, streamId, everybody)).rejects.toMatchObject(DENIED);
    await expect(moderation.unbanUser(bob, streamId, ann.userId)).rejects.toMatchObject(DENIED);
    await moderation.unbanUser(owner, streamId, ann.userId);
    await say(ann);
    await expect(moderation.unbanUser(owner, streamId, ann.userId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await moderation.getBannedUsers(owner, streamId, everybody)).toEqual([]);
    expect(barred.map(({ kind, userId }) => [kind, userId])).toEqual([
      ['ban', ann.userId],
      ['lifted', ann.userId],
    ]);
    expect(await actions()).toEqual([
      ['unban', ann.userId, owner.userId],
      ['ban', ann.userId, owner.userId],
    ]);
  });

  test('of a channel hold in each of its streams, and are for who runs it', async () => {
    const { stage, chat, moderation, streamId, owner, ann, barred } = await setUp();
    const other = await stage.stream();
    const request = { userId: ann.userId, scope: 'channel' } as const;
    const channelModerator = await stage.person('Chan', 'moderator');
    await expect(moderation.banUser(channelModerator, streamId, request)).rejects.toMatchObject(DENIED);
    await moderation.banUser(owner, streamId, request);
    expect(barred).toEqual([
      { channelId: stage.channelId, streamId: undefined, userId: ann.userId, kind: 'ban' },
    ]);
    for (const stream of [streamId, other]) {
      await expect(chat.send(ann, { streamId: stream, content: 'hi' })).rejects.toMatchObject({
        code: 'VIEWER_BANNED',
      });
    }
    await moderation.unbanUser(owner, other, ann.userId);
    await chat.send(ann, { streamId, content: 'hi' });
  });

  test('for some minutes end by themselves', async () => {
    const { moderation, streamId, owner, ann, say, clock } = await setUp();
    const ban = await moderation.banUser(owner, streamId, { userId: ann.userId, durationMinutes: 10 });
    expect(ban.isPermanent).toBe(false);
    expect(Date.parse(ban.expiresAt ?? '') - Date.parse(ban.createdAt)).toBeCloseTo(600_000, -3);
    await expect(say(ann)).rejects.toMatchObject({ code: 'VIEWER_BANNED' });
    await postgres.database.asService((tx) =>
      sql`UPDATE nchat_stream_bans SET expires_at = now() WHERE id = ${ban.id}`.execute(tx),
    );
    clock.pass(600_000);
    await say(ann);
  });

  test('a time-out says how long, is replaced by the next one, and is taken back', async () => {
    const { moderation, streamId, owner, ann, say, barred } = await setUp();
    const timeout = (durationSeconds: number) =>
      moderation.timeoutUser(owner, streamId, { userId: ann.userId, durationSeconds });
    await timeout(600);
    const second = await timeout(60);
    expect(second).toMatchObject({ durationSeconds: 60, moderatorId: owner.userId });
    await expect(say(ann)).rejects.toMatchObject({
      code: 'VIEWER_TIMED_OUT',
      statusCode: 403,
      message: expect.stringMatching(/^Timed out\. (59|60)s remaining$/),
    });
    expect(barred.at(-1)).toMatchObject({ kind: 'timeout', expiresAt: second.expiresAt });
    // A ban counts before a time-out.
    await moderation.banUser(owner, streamId, { userId: ann.userId });
    await expect(say(ann)).rejects.toMatchObject({ code: 'VIEWER_BANNED' });
    await moderation.unbanUser(owner, streamId, ann.userId);
    await moderation.removeTimeout(owner, streamId, ann.userId);
    await say(ann);
  });

  test('a ban that another program writes holds as well, and waits for messages that are being stored', async () => {
    const { stage, streamId, ann, say } = await setUp();
    await say(ann);
    let commit = (): void => {};
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let hasLock = (): void => {};
    const locked = new Promise<void>((resolve) => {
      hasLock = resolve;
    });
    const banning = postgres.database.asService(async (tx) => {
      await tx
        .insertInto('nchat_stream_bans')
        .values({
          id: v7(),
          channel_id: stage.channelId,
          stream_id: streamId,
          user_id: ann.userId,
          kind: 'ban',
          is_permanent: true,
        })
        .execute();
      hasLock();
      await held;
    });
    await locked;
    let isAnswered = false;
    const sending = say(ann).finally(() => {
      isAnswered = true;
    });
    sending.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isAnswered).toBe(false);
    commit();
    await banning;
    await expect(sending).rejects.toMatchObject({ code: 'VIEWER_BANNED' });
  });

  test('in a storm of messages, none is acknowledged that was sent after the ban was', async () => {
    const { stage, chat, moderation, streamId, owner, ann, bob } = await setUp();
    stage.events.on('chat-message', () => {});
    let isBanned = false;
    const late: string[] = [];
    const storm = Array.from({ length: 60 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n));
      const wasBanned = isBanned;
      const sent = [ann, bob].map((who) => chat.send(who, { streamId, content: `m${n}` }));
      const [mine, others] = await Promise.allSettled(sent);
      if (mine?.status === 'fulfilled' && wasBanned) late.push(mine.value.content);
      return others?.status;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await moderation.banUser(owner, streamId, { userId: ann.userId });
    isBanned = true;
    const others = await Promise.all(storm);
    expect(late).toEqual([]);
    expect(new Set(others)).toEqual(new Set(['fulfilled']));
  });
});

describe('messages', () => {
  test('are deleted by their author and by moderators, once, and never come back', async () => {
    const { stage, chat, curation, streamId, owner, ann, bob, say, actions } = await setUp();
    const deleted: string[] = [];
    stage.events.on('chat-deleted', ({ messageId }) => deleted.push(messageId));
    const [mine, other] = [await say(ann), await say(ann)];
    await expect(curation.delete(bob, streamId, mine.id)).rejects.toMatchObject(DENIED);
    await expect(curation.delete(NOBODY, streamId, mine.id)).rejects.toMatchObject({ statusCode: 401 });
    await curation.delete(ann, streamId, mine.id);
    await curation.delete(ann, streamId, mine.id);
    await curation.delete(owner, streamId, other.id, 'off topic');
    expect(deleted).toEqual([mine.id, other.id]);
    const { messages } = await chat.history(NOBODY, streamId, { limit: 10 });
    expect(messages).toMatchObject([
      { id: mine.id, content: '', isDeleted: true, deletedBy: ann.userId },
      { id: other.id, content: '', isDeleted: true, deletedBy: owner.userId },
    ]);
    await expect(curation.delete(ann, streamId, v7())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    // The same message by the way of another stream is not found.
    await expect(curation.delete(owner, await stage.stream(), mine.id)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await actions()).toEqual([['delete_message', ann.userId, owner.userId]]);
    await expect(
      postgres.database.asUser(owner, (tx) =>
        sql`UPDATE nchat_stream_chat_messages SET is_deleted = false WHERE id = ${mine.id}`.execute(tx),
      ),
    ).rejects.toThrow(/stays so/);
  });

  test('five are pinned and the sixth is refused; a deleted one frees its place', async () => {
    const { stage, curation, streamId, owner, ann, say } = await setUp();
    const told: string[] = [];
    stage.events.on('chat-pinned', ({ message }) => told.push(`pin ${message.seq} ${message.isPinned}`));
    stage.events.on('chat-unpinned', ({ messageId }) => told.push(messageId));
    const messages = [];
    for (let n = 0; n < 6; n += 1) messages.push(await say(ann));
    const [first, second, , , , sixth] = messages;
    if (first === undefined || second === undefined || sixth === undefined) throw new Error('unsaid');
    const pin = (id: string) => curation.pin(owner, streamId, id);
    for (const { id } of messages.slice(0, 5)) await pin(id);
    await pin(first.id);
    await expect(pin(sixth.id)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'at most 5 messages can be pinned',
    });
    await curation.delete(ann, streamId, first.id);
    await expect(pin(first.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await pin(sixth.id);
    await curation.unpin(owner, streamId, second.id);
    await curation.unpin(owner, streamId, second.id);
    const pinned = await curation.pinned(NOBODY, streamId);
    expect(pinned.map(({ seq }) => seq)).toEqual([6, 5, 4, 3]);
    expect(told).toEqual([...[1, 2, 3, 4, 5, 6].map((seq) => `pin ${seq} true`), second.id]);
    await expect(curation.pin(ann, streamId, second.id)).rejects.toMatchObject(DENIED);
  });
});

describe('settings', () => {
  test('chat settings hold for the next message, and are told', async () => {
    const { stage, moderation, streamId, owner, ann, say, actions } = await setUp();
    const told: unknown[] = [];
    stage.events.on('stream-updated', ({ changes }) => told.push(changes));
    await say(ann);
    expect(await moderation.getChatSettings(NOBODY, streamId)).toEqual({
      mode: 'open',
      slowModeSeconds: 0,
      followerOnly: false,
      subscriberOnly: false,
    });
    const change = (changes: Parameters<typeof moderation.changeChatSettings>[2]) =>
      moderation.changeChatSettings(owner, streamId, changes);
    expect(await change({ followerOnly: true })).toMatchObject({ mode: 'followers', followerOnly: true });
    await expect(say(ann)).rejects.toMatchObject({ code: 'FOLLOWERS_ONLY' });
    expect(await change({ subscriberOnly: true })).toMatchObject({ mode: 'subscribers' });
    // Each switch switches off only itself.
    expect(await change({ followerOnly: false })).toMatchObject({ mode: 'subscribers' });
    expect(await change({ subscriberOnly: false })).toMatchObject({ mode: 'open' });
    expect(await change({ mode: 'disabled' })).toMatchObject({ mode: 'disabled' });
    await expect(say(ann)).rejects.toMatchObject({ code: 'CHAT_DISABLED' });
    expect(await change({ mode: 'open', slowModeSeconds: 120 })).toMatchObject({ slowModeSeconds: 120 });
    await expect(say(ann)).rejects.toMatchObject({ code: 'SLOW_MODE' });
    expect(told).toHaveLength(6);
    expect(told.at(-1)).toEqual({ chatMode: 'open', slowModeSeconds: 120 });
    expect((await actions()).map(([action]) => action)).toEqual(Array(6).fill('chat_settings'));
  });

  test('automod is for owners and the channel’s moderators, and holds for the next message', async () => {
    const { stage, chat, moderation, streamId, owner, ann, bob, say, appoint } = await setUp();
    await say(bob);
    await appoint(ann);
    await expect(moderation.configureAutoMod(ann, streamId, { enabled: true })).rejects.toMatchObject(DENIED);
    await expect(moderation.getAutoModConfig(bob, streamId)).rejects.toMatchObject(DENIED);
    const change = { enabled: true, blockedWords: ['gra*e'], minAccountAge: 60 };
    const config = await moderation.configureAutoMod(owner, streamId, change);
    expect(config).toMatchObject({ ...change, profanityFilter: true, capsLimit: 80 });
    expect(await moderation.getAutoModConfig(ann, streamId)).toEqual(config);
    expect(await chat.check(bob, streamId, 'a grape')).toEqual({
      allowed: false,
      reason: 'Message contains prohibited content',
      action: 'delete_message',
    });
    await expect(say(bob, 'a grape')).rejects.toMatchObject({
      code: 'MESSAGE_REJECTED',
      message: 'Message contains prohibited content',
    });
    // Moderators mean what they say.
    await say(ann, 'a grape');
    const fresh = actorOf(v7());
    await postgres.database.asService((tx) => tx.insertInto('users').values({ id: fresh.userId }).execute());
    await expect(say(fresh)).rejects.toMatchObject({ message: 'Account too new to chat' });
    const channelModerator = await stage.person('Chan', 'moderator');
    const off = await moderation.configureAutoMod(channelModerator, streamId, { minAccountAge: null });
    expect(off.minAccountAge).toBeUndefined();
    await say(fresh);
    // A word blocked by no policy but this: nobody reads the list from the table.
    await expect(
      postgres.database.asUser(bob, (tx) => sql`SELECT automod FROM nchat_streams`.execute(tx)),
    ).rejects.toThrow(/permission denied/);
  });

  test('what a stream hides from somebody, moderation hides too', async () => {
    const { stage, moderation, ann } = await setUp();
    const hidden = await stage.stream({ visibility: 'private' });
    const calls = [
      moderation.getChatSettings(ann, hidden),
      moderation.getModerators(ann, hidden),
      moderation.getModerationLogs(ann, hidden, everybody),
      moderation.banUser(ann, hidden, { userId: ann.userId }),
      moderation.configureAutoMod(ann, hidden, {}),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ reason: { code: 'STREAM_NOT_FOUND' } });
    }
  });

  test('the log is paged, filtered, and for moderators', async () => {
    const { moderation, streamId, owner, ann, bob } = await setUp();
    for (const reason of ['one', 'two', 'three']) {
      await moderation.warnUser(owner, streamId, ann.userId, reason);
    }
    await moderation.timeoutUser(owner, streamId, { userId: ann.userId, durationSeconds: 5 });
    const read = async (page: { limit: number; offset: number; action?: 'warn' }) =>
      (await moderation.getModerationLogs(owner, streamId, page)).map(
        ({ action, reason }) => reason ?? action,
      );
    expect(await read({ limit: 2, offset: 0 })).toEqual(['timeout', 'three']);
    expect(await read({ limit: 2, offset: 2 })).toEqual(['two', 'one']);
    expect(await read({ limit: 2, offset: 0, action: 'warn' })).toEqual(['three', 'two']);
    await expect(moderation.getModerationLogs(bob, streamId, everybody)).rejects.toMatchObject(DENIED);
    await expect(moderation.getModerationLogs(NOBODY, streamId, everybody)).rejects.toMatchObject({
      statusCode: 401,
    });
  });
});
