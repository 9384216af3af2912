import type { Follow, Follower } from '@tallylight/protocol/entities/audience.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { publicUserOf } from '../reactions/repository.ts';

/** What is followed. */
export type Followed = { readonly userId: string } | { readonly channelId: string };

/** True when there is such a person, or a channel that the caller may know of. */
export async function isThere(tx: Tx, followed: Followed): Promise<boolean> {
  const found =
    'userId' in followed
      ? await tx.selectFrom('users').select('id').where('id', '=', followed.userId).executeTakeFirst()
      : await tx
          .selectFrom('tallylight.channels')
          .select('id')
          .where('id', '=', followed.channelId)
          .executeTakeFirst();
  return found !== undefined;
}

/** Follows; twice is once. */
export async function insertFollow(tx: Tx, followed: Followed, userId: string): Promise<void> {
  if ('userId' in followed)
    await tx
      .insertInto('nchat_user_follows')
      .values({ followed_id: followed.userId, user_id: userId })
      .onConflict((conflict) => conflict.columns(['followed_id', 'user_id']).doNothing())
      .execute();
  else
    await tx
      .insertInto('nchat_channel_follows')
      .values({ channel_id: followed.channelId, user_id: userId })
      .onConflict((conflict) => conflict.columns(['channel_id', 'user_id']).doNothing())
      .execute();
}

/** Follows no more. */
export async function deleteFollow(tx: Tx, followed: Followed, userId: string): Promise<void> {
  if ('userId' in followed)
    await tx
      .deleteFrom('nchat_user_follows')
      .where('followed_id', '=', followed.userId)
      .where('user_id', '=', userId)
      .execute();
  else
    await tx
      .deleteFrom('nchat_channel_follows')
      .where('channel_id', '=', followed.channelId)
      .where('user_id', '=', userId)
      .execute();
}

/** Whether a user follows, and how many do. */
export async function followStateOf(
  tx: Tx,
  followed: Followed,
  userId: string | undefined,
): Promise<{ readonly isFollowing: boolean; readonly followerCount: number }> {
  const me = userId ?? null;
  const query =
    'userId' in followed
      ? sql<{ following: boolean; followers: number }>`
          SELECT EXISTS (SELECT 1 FROM nchat_user_follows WHERE followed_id = ${followed.userId} AND user_id = ${me}::uuid) AS following,
            tallylight.user_follower_count(${followed.userId}) AS followers`
      : sql<{ following: boolean; followers: number }>`
          SELECT EXISTS (SELECT 1 FROM nchat_channel_follows WHERE channel_id = ${followed.channelId} AND user_id = ${me}::uuid) AS following,
            tallylight.channel_follower_count(${followed.channelId}) AS followers`;
  const { rows } = await query.execute(tx);
  return { isFollowing: rows[0]?.following ?? false, followerCount: rows[0]?.followers ?? 0 };
}

/** How many people, or channels, a user follows. */
export async function countFollowed(tx: Tx, kind: 'user' | 'channel', userId: string): Promise<number> {
  const { n } = await tx
    .selectFrom(kind === 'user' ? 'nchat_user_follows' : 'nchat_channel_follows')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return n;
}

interface FollowRow {
  readonly kind: 'user' | 'channel';
  readonly created_at: Date;
  readonly id: string;
  readonly username: string | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly slug: string | null;
  readonly name: string | null;
}

/** A page of what a user follows and may see, the latest first. */
export async function listFollows(
  tx: Tx,
  userId: string,
  range: { readonly limit: number; readonly offset: number },
): Promise<{ follows: Follow[]; total: number }> {
  const all = sql`
    SELECT 'user' AS kind, f.created_at, u.id, u.username, u.display_name, u.avatar_url, NULL AS slug, NULL AS name
    FROM nchat_user_follows f JOIN users u ON u.id = f.followed_id WHERE f.user_id = ${userId}
    UNION ALL
    SELECT 'channel', f.created_at, c.id, NULL, NULL, c.avatar_url, c.slug, c.name
    FROM nchat_channel_follows f JOIN tallylight.channels c ON c.id = f.channel_id WHERE f.user_id = ${userId}`;
  const { rows } = await sql<FollowRow>`
    SELECT * FROM (${all}) AS followed ORDER BY created_at DESC, id LIMIT ${range.limit} OFFSET ${range.offset}`.execute(
    tx,
  );
  const { rows: counted } = await sql<{ n: number }>`SELECT count(*) AS n FROM (${all}) AS followed`.execute(
    tx,
  );
  return { follows: rows.map(followOf), total: counted[0]?.n ?? 0 };
}

function followOf(row: FollowRow): Follow {
  const createdAt = row.created_at.toISOString();
  if (row.kind === 'user') return { kind: 'user', user: publicUserOf(row.id, row), createdAt };
  return {
    kind: 'channel',
    channel: {
      id: row.id,
      ...(row.slug === null ? {} : { slug: row.slug }),
      name: row.name ?? '',
      ...(row.avatar_url === null ? {} : { avatarUrl: row.avatar_url }),
    },
    createdAt,
  };
}

/** True when the caller is an owner or admin of the channel, or of the server. */
export async function runsChannel(tx: Tx, channelId: string): Promise<boolean> {
  const { rows } = await sql<{ runs: boolean }>`SELECT tallylight.runs_channel(${channelId}) AS runs`.execute(
    tx,
  );
  return rows[0]?.runs ?? false;
}

/** A page of who follows a channel, the latest first. */
export async function listFollowers(
  tx: Tx,
  channelId: string,
  range: { readonly limit: number; readonly offset: number },
): Promise<{ followers: Follower[]; total: number }> {
  const rows = await tx
    .selectFrom('nchat_channel_follows as f')
    .innerJoin('users as u', 'u.id', 'f.user_id')
    .select(['f.user_id', 'f.created_at', 'u.username', 'u.display_name', 'u.avatar_url'])
    .where('f.channel_id', '=', channelId)
    .orderBy('f.created_at', 'desc')
    .orderBy('f.user_id')
    .limit(range.limit)
    .offset(range.offset)
    .execute();
  const { n } = await tx
    .selectFrom('nchat_channel_follows')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('channel_id', '=', channelId)
    .executeTakeFirstOrThrow();
  return {
    followers: rows.map((row) => ({
      userId: row.user_id,
      createdAt: row.created_at.toISOString(),
      user: publicUserOf(row.user_id, row),
    })),
    total: n,
  };
}
