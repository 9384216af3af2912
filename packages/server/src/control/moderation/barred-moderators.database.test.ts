import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestDatabase } from '../../db/testing/test-database.ts';
import { ChatStage } from '../chat/testing/chat-stage.ts';

let postgres: TestDatabase;
let stage: ChatStage;

beforeAll(async () => {
  postgres = await TestDatabase.create();
  stage = await ChatStage.create(postgres.database, {
    limits: { userPerSec: 10_000, userBurst: 10_000, roomPerSec: 10_000 },
  });
});
afterAll(async () => {
  await stage.close();
  await postgres.drop();
});

type Person = Awaited<ReturnType<ChatStage['person']>>;

const BANNED = { code: 'VIEWER_BANNED', statusCode: 403 };
const DENIED = { code: 'STREAM_UNAUTHORIZED', statusCode: 403 };

/** A stream with a moderator who has every permission, and a viewer who said something. */
async function setUp(kind: 'of the stream' | 'of the channel') {
  const { moderation, chat, owner } = stage;
  const streamId = await stage.stream();
  const moderator = await stage.person('Mod', kind === 'of the channel' ? 'moderator' : undefined);
  if (kind === 'of the stream') {
    await moderation.addModerator(owner, streamId, moderator.userId, { canBanUsers: true });
  }
  const viewer = await stage.person('Viewer');
  const { id: messageId } = await chat.send(viewer, { streamId, content: `words ${v7()}` });
  return { streamId, moderator, viewer, messageId };
}

const kinds = ['of the stream', 'of the channel'] as const;
const bars = ['ban', 'channel ban', 'timeout'] as const;

test.each(kinds.flatMap((kind) => bars.map((bar) => [kind, bar] as const)))(
  'a moderator %s for whom a %s holds moderates nothing, and lifts it least of all',
  async (kind, bar) => {
    const { moderation, curation, owner } = stage;
    const { streamId, moderator, viewer, messageId } = await setUp(kind);
    const { userId } = moderator;
    const lift = (by: Person) =>
      bar === 'timeout'
        ? moderation.removeTimeout(by, streamId, userId)
        : moderation.unbanUser(by, streamId, userId);
    if (bar === 'timeout') await moderation.timeoutUser(owner, streamId, { userId, durationSeconds: 60 });
    else await moderation.banUser(owner, streamId, { userId, scope: bar === 'ban' ? 'stream' : 'channel' });

    const target = { userId: viewer.userId, durationSeconds: 10 };
    const attempts: Record<string, () => Promise<unknown>> = {
      lift: () => lift(moderator),
      ban: () => moderation.banUser(moderator, streamId, target),
      timeout: () => moderation.timeoutUser(moderator, streamId, target),
      warn: () => moderation.warnUser(moderator, streamId, viewer.userId),
      slow: () => moderation.changeChatSettings(moderator, streamId, { slowModeSeconds: 5 }),
      bans: () => moderation.getBannedUsers(moderator, streamId, { limit: 1, offset: 0 }),
      log: () => moderation.getModerationLogs(moderator, streamId, { limit: 1, offset: 0 }),
      delete: () => curation.delete(moderator, streamId, messageId),
      pin: () => curation.pin(moderator, streamId, messageId),
      unpin: () => curation.unpin(moderator, streamId, messageId),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      await expect(attempt(), name).rejects.toMatchObject(BANNED);
    }
    await lift(owner);
    await curation.pin(moderator, streamId, messageId);
    await expect(lift(moderator)).rejects.toMatchObject(DENIED);
  },
);

test('moderators lift what they, their equals and those below placed, not what owners did', async () => {
  const { moderation, owner } = stage;
  const { streamId, moderator, viewer } = await setUp('of the stream');
  const equal = await stage.person('Equal');
  await moderation.addModerator(owner, streamId, equal.userId, { canBanUsers: true });
  const above = await stage.person('Above', 'moderator');
  const { userId } = viewer;
  for (const superior of [owner, above]) {
    await moderation.banUser(superior, streamId, { userId });
    await moderation.timeoutUser(superior, streamId, { userId, durationSeconds: 60 });
    await expect(moderation.unbanUser(moderator, streamId, userId)).rejects.toMatchObject(DENIED);
    await expect(moderation.removeTimeout(moderator, streamId, userId)).rejects.toMatchObject(DENIED);
    // Nor do they shorten it by a time-out of their own.
    await moderation.timeoutUser(moderator, streamId, { userId, durationSeconds: 1 });
    await moderation.removeTimeout(moderator, streamId, userId);
    await expect(moderation.removeTimeout(moderator, streamId, userId)).rejects.toMatchObject(DENIED);
    await moderation.unbanUser(owner, streamId, userId);
    await moderation.removeTimeout(owner, streamId, userId);
  }
  for (const peer of [equal, moderator]) {
    await moderation.banUser(peer, streamId, { userId });
    await moderation.unbanUser(moderator, streamId, userId);
  }
  await expect(moderation.unbanUser(moderator, streamId, userId)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('a broadcaster whose role was taken has no authority over a stream of theirs any more', async () => {
  const { moderation, curation, database, channelId } = stage;
  const former = await stage.person('Former', 'broadcaster');
  const streamId = await stage.stream({ broadcaster_id: former.userId });
  const viewer = await stage.person('Viewer');
  const { id } = await stage.chat.send(viewer, { streamId, content: 'hello' });
  await moderation.warnUser(former, streamId, viewer.userId);
  await database.asService((tx) =>
    tx
      .deleteFrom('nchat_channel_members')
      .where('channel_id', '=', channelId)
      .where('user_id', '=', former.userId)
      .execute(),
  );
  await expect(moderation.banUser(former, streamId, { userId: viewer.userId })).rejects.toMatchObject(DENIED);
  await expect(moderation.addModerator(former, streamId, former.userId)).rejects.toMatchObject(DENIED);
  await expect(curation.pin(former, streamId, id)).rejects.toMatchObject(DENIED);
  // And they are moderated as anybody is.
  await moderation.banUser(stage.owner, streamId, { userId: former.userId });
});
