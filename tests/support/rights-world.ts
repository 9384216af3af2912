import { v7 } from 'uuid';
import type { Database, Tx } from '../../packages/server/src/db/database.ts';
import { type ChannelRole, type Ground, ownGround } from './rights-ground.ts';

/** Who asks, as seen from one channel and one of its streams. */
export const ROLES = [
  'nobody',
  'guest',
  'stranger',
  'otherOwner',
  'viewer',
  'moderator',
  'colleague',
  'broadcaster',
  'owner',
  'admin',
] as const;
/**
 * `stranger` has an account and nothing else; `otherOwner` owns another channel; the rest are in the channel: `colleague` may broadcast in it,
 * `broadcaster` has the stream, `admin` runs the server and is in no channel.
 */
export type Role = (typeof ROLES)[number];

/** Ids of people, the same in every world. */
export type People = Readonly<Record<Exclude<Role, 'nobody'> | 'target', string>>;

/** One channel with one live stream and one of everything that belongs to them. */
export interface World {
  readonly channelId: string;
  readonly streamId: string;
  /** Of the viewer. */
  readonly messageId: string;
  /** Of the viewer. */
  readonly questionId: string;
  /** Of the viewer's player. */
  readonly sessionId: string;
  /** A member who is neither of the roles; is a moderator of the stream, banned, timed out, and subscribes. */
  readonly targetId: string;
  /** API token of the target. */
  readonly tokenId: string;
}

/** Makes the people. Default: on our own tables. */
export async function makePeople(database: Database, ground: Ground = ownGround(database)): Promise<People> {
  const names = [...ROLES.filter((role) => role !== 'nobody'), 'target' as const];
  const people = Object.fromEntries(names.map((name) => [name, v7()])) as People;
  for (const name of names) await ground.addPerson(people[name], name);
  await database.asService(async (tx) => {
    if (!ground.hasAccounts) return;
    for (const name of names) {
      await tx
        .insertInto('nchat_live_accounts')
        .values({
          user_id: people[name],
          is_guest: name === 'guest',
          server_role: name === 'admin' ? 'admin' : 'user',
        })
        .execute();
    }
  });
  await ground.addChannel(v7(), false, new Map([[people.otherOwner, 'owner']]));
  return people;
}

/** Makes a channel with its stream. */
export async function makeWorld(
  database: Database,
  people: People,
  isPrivate: boolean,
  ground: Ground = ownGround(database),
): Promise<World> {
  const world: World = {
    channelId: v7(),
    streamId: v7(),
    messageId: v7(),
    questionId: v7(),
    sessionId: v7(),
    targetId: people.target,
    tokenId: v7(),
  };
  const members = new Map<string, ChannelRole>([
    [people.viewer, 'viewer'],
    [people.moderator, 'moderator'],
    [people.colleague, 'broadcaster'],
    [people.broadcaster, 'broadcaster'],
    [people.owner, 'owner'],
    [people.target, 'viewer'],
  ]);
  await ground.addChannel(world.channelId, isPrivate, members);
  await database.asService(async (tx) => {
    await makeStream(tx, world, people);
    await makeTalk(tx, world, people);
    await makeTarget(tx, world, people);
  });
  return world;
}

async function makeStream(tx: Tx, { streamId, channelId, sessionId }: World, people: People): Promise<void> {
  await tx
    .insertInto('nchat_streams')
    .values({
      id: streamId,
      channel_id: channelId,
      broadcaster_id: people.broadcaster,
      title: 'A stream',
      status: 'live',
      started_at: new Date(),
      scheduled_at: new Date(),
      enable_qa: true,
    })
    .execute();
  await tx.insertInto('nchat_stream_chat_counters').values({ stream_id: streamId, last_seq: 1 }).execute();
  await tx
    .insertInto('nchat_stream_viewers')
    .values({
      stream_id: streamId,
      user_id: people.viewer,
      session_id: sessionId,
      ip_address: '203.0.113.7',
      user_agent: 'Test',
    })
    .execute();
}

async function makeTalk(tx: Tx, { streamId, messageId, questionId }: World, people: People): Promise<void> {
  await tx
    .insertInto('nchat_stream_chat_messages')
    .values({
      id: messageId,
      stream_id: streamId,
      user_id: people.viewer,
      content: 'A message',
      seq: 1,
      client_id: 'a',
    })
    .execute();
  await tx
    .insertInto('nchat_stream_questions')
    .values({
      id: questionId,
      stream_id: streamId,
      user_id: people.viewer,
      content: 'A question?',
      client_id: 'q',
    })
    .execute();
}

async function makeTarget(
  tx: Tx,
  { streamId, channelId, tokenId, targetId }: World,
  people: People,
): Promise<void> {
  await tx
    .insertInto('nchat_stream_moderators')
    .values({ stream_id: streamId, user_id: targetId, added_by: people.broadcaster })
    .execute();
  const bars = (['ban', 'timeout'] as const).map((kind) => ({
    id: v7(),
    channel_id: channelId,
    stream_id: streamId,
    user_id: targetId,
    kind,
    // Whose doing it was: what owners placed, moderators do not lift.
    moderator_id: people.moderator,
    is_permanent: kind === 'ban',
    expires_at: kind === 'ban' ? null : new Date(Date.now() + 3_600_000),
  }));
  await tx.insertInto('nchat_stream_bans').values(bars).execute();
  await tx
    .insertInto('nchat_channel_subscriptions')
    .values({ channel_id: channelId, user_id: targetId })
    .execute();
  await tx
    .insertInto('nchat_live_api_tokens')
    .values({ id: tokenId, user_id: targetId, name: 'A token', token_hash: tokenId, last4: 'abcd' })
    .execute();
}

/** Removes every world, and leaves the people. */
export async function forgetWorlds(
  database: Database,
  people: People,
  ground: Ground = ownGround(database),
): Promise<void> {
  await ground.forgetChannels(people.otherOwner);
  await database.asService((tx) => tx.deleteFrom('nchat_live_api_tokens').execute());
}
