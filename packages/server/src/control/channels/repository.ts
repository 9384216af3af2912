import {
  type Channel,
  type ChannelMember,
  channelRole,
  type UpdateChannelInput,
} from '@tallylight/protocol/entities/channel.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { publicUserOf } from '../reactions/repository.ts';
import type { StoredRole } from './channel-roles.ts';

function selectChannels(tx: Tx, userId: string | undefined) {
  const me = userId ?? null;
  return tx
    .selectFrom('tallylight.channels as c')
    .leftJoin('tallylight.channel_members as m', (join) =>
      join.onRef('m.channel_id', '=', 'c.id').on('m.user_id', '=', me),
    )
    .leftJoin('nchat_channel_follows as f', (join) =>
      join.onRef('f.channel_id', '=', 'c.id').on('f.user_id', '=', me),
    )
    .select([
      'c.id',
      'c.slug',
      'c.name',
      'c.description',
      'c.avatar_url',
      'c.is_private',
      'c.created_at',
      'c.updated_at',
      'm.role',
      'f.user_id as follower',
      sql<number>`tallylight.channel_member_count(c.id)`.as('members'),
      sql<number>`tallylight.channel_follower_count(c.id)`.as('followers'),
      sql<boolean>`coalesce(tallylight.is_subscriber(c.id, ${me}::uuid), false)`.as('subscribed'),
    ]);
}

type ChannelRow = Awaited<ReturnType<ReturnType<typeof selectChannels>['executeTakeFirstOrThrow']>>;

function channelOf(row: ChannelRow): Channel {
  return {
    id: row.id,
    ...(row.slug === null ? {} : { slug: row.slug }),
    name: row.name,
    ...(row.description === null ? {} : { description: row.description }),
    ...(row.avatar_url === null ? {} : { avatarUrl: row.avatar_url }),
    isPrivate: row.is_private,
    ...(row.role === null ? {} : { role: storedRole(row.role) }),
    memberCount: row.members,
    followerCount: row.followers,
    isFollowing: row.follower !== null,
    isSubscribed: row.subscribed,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** A role as it is stored. One that only a host app knows counts as `viewer`: it lets in and no more. */
export function storedRole(role: string): StoredRole {
  return role === 'member' ? role : (channelRole.safeParse(role).data ?? 'viewer');
}

/** A channel by its id or slug, as a user sees it; undefined when they do not. */
export async function findChannel(
  tx: Tx,
  by: { readonly id: string } | { readonly slug: string },
  userId: string | undefined,
): Promise<Channel | undefined> {
  const select = selectChannels(tx, userId);
  const row = await ('id' in by
    ? select.where('c.id', '=', by.id)
    : select.where('c.slug', '=', by.slug)
  ).executeTakeFirst();
  return row === undefined ? undefined : channelOf(row);
}

/** Which channels. */
export interface ChannelQuery {
  readonly mine: boolean;
  readonly search?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** A page of the channels that a user sees, by name: public ones, or with `mine` those that they are in. */
export async function listChannels(
  tx: Tx,
  query: ChannelQuery,
  userId: string | undefined,
): Promise<{ channels: Channel[]; total: number }> {
  const isMine = sql<boolean>`EXISTS (SELECT 1 FROM tallylight.channel_members o WHERE o.channel_id = c.id AND o.user_id = ${userId ?? null}::uuid)`;
  // The wildcards of LIKE stand for themselves.
  const pattern = `%${(query.search ?? '').replace(/[\\%_]/g, '\\$&')}%`;
  const wanted = sql<boolean>`(c.name ILIKE ${pattern} OR c.slug ILIKE ${pattern}) AND ${query.mine ? isMine : sql<boolean>`NOT c.is_private`}`;
  const rows = await selectChannels(tx, userId)
    .where(wanted)
    .orderBy(sql`lower(c.name)`)
    .orderBy('c.id')
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  const { n } = await tx
    .selectFrom('tallylight.channels as c')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(wanted)
    .executeTakeFirstOrThrow();
  return { channels: rows.map(channelOf), total: n };
}

/** True where channels and members are a host app's tables: they are its to write. */
export async function areHosted(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ hosted: boolean }>`SELECT tallylight.host_keeps_channels() AS hosted`.execute(
    tx,
  );
  return rows[0]?.hosted ?? false;
}

/** How many channels a user has founded. */
export async function countFounded(tx: Tx, userId: string): Promise<number> {
  const { n } = await tx
    .selectFrom('tallylight.channels')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('created_by', '=', userId)
    .executeTakeFirstOrThrow();
  return n;
}

/** The channel that a user owns and has been in for longest. */
export async function firstOwned(tx: Tx, userId: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('tallylight.channel_members')
    .select('channel_id')
    .where('user_id', '=', userId)
    .where('role', '=', 'owner')
    .orderBy('joined_at')
    .orderBy('channel_id')
    .executeTakeFirst();
  return row?.channel_id;
}

/** Makes a channel; false when its slug is taken. */
export async function insertChannel(
  tx: Tx,
  row: {
    readonly id: string;
    readonly slug: string;
    readonly name: string;
    readonly description: string | null;
    readonly avatarUrl: string | null;
    readonly isPrivate: boolean;
    readonly createdBy: string;
  },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('nchat_channels')
    .values({
      id: row.id,
      slug: row.slug,
      name: row.name,
      description: row.description,
      avatar_url: row.avatarUrl,
      is_private: row.isPrivate,
      created_by: row.createdBy,
    })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** True for a channel that somebody founded. */
export async function isFoundedBy(tx: Tx, id: string, userId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('nchat_channels')
    .select('id')
    .where('id', '=', id)
    .where('created_by', '=', userId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Changes a channel; false when the caller may not. */
export async function updateChannel(tx: Tx, id: string, changes: UpdateChannelInput): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('nchat_channels')
    .set({
      ...(changes.name === undefined ? {} : { name: changes.name }),
      ...(changes.slug === undefined ? {} : { slug: changes.slug }),
      ...(changes.description === undefined ? {} : { description: changes.description }),
      ...(changes.avatarUrl === undefined ? {} : { avatar_url: changes.avatarUrl }),
      ...(changes.isPrivate === undefined ? {} : { is_private: changes.isPrivate }),
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Removes a channel with all that is in it; false when the caller may not. */
export async function deleteChannel(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_channels')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Streams of a channel, with their state. */
export async function streamsOf(
  tx: Tx,
  channelId: string,
): Promise<readonly { readonly id: string; readonly status: string }[]> {
  return tx
    .selectFrom('nchat_streams')
    .select(['id', 'status'])
    .where('channel_id', '=', channelId)
    .execute();
}

/** Holds a channel, so that nobody else changes its members until the transaction ends; false when there is none. */
export async function lockChannel(tx: Tx, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom('nchat_channels')
    .select('id')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** What somebody is in a channel. */
export async function roleOf(tx: Tx, channelId: string, userId: string): Promise<StoredRole | undefined> {
  const row = await tx
    .selectFrom('tallylight.channel_members')
    .select('role')
    .where('channel_id', '=', channelId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row === undefined ? undefined : storedRole(row.role);
}

/** How many members a channel has, of one role or in all. */
export async function countMembers(tx: Tx, channelId: string, role?: StoredRole): Promise<number> {
  const select = tx
    .selectFrom('tallylight.channel_members')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('channel_id', '=', channelId);
  const { n } = await (role === undefined
    ? select
    : select.where('role', '=', role)
  ).executeTakeFirstOrThrow();
  return n;
}

/** Takes somebody in, or gives them another role. */
export async function putMember(tx: Tx, channelId: string, userId: string, role: StoredRole): Promise<void> {
  await tx
    .insertInto('nchat_channel_members')
    .values({ channel_id: channelId, user_id: userId, role })
    .onConflict((conflict) => conflict.columns(['channel_id', 'user_id']).doUpdateSet({ role }))
    .execute();
}

/** Puts somebody out. */
export async function deleteMember(tx: Tx, channelId: string, userId: string): Promise<void> {
  await tx
    .deleteFrom('nchat_channel_members')
    .where('channel_id', '=', channelId)
    .where('user_id', '=', userId)
    .execute();
}

/** A user that can be taken in, by id or name; names are told apart without regard to case. */
export async function findUser(
  tx: Tx,
  by: { readonly userId: string } | { readonly username: string },
): Promise<{ readonly id: string; readonly isGuest: boolean } | undefined> {
  const row = await tx
    .selectFrom('users as u')
    .leftJoin('nchat_live_accounts as a', 'a.user_id', 'u.id')
    .select(['u.id', 'a.is_guest'])
    .where('a.removed_at', 'is', null)
    .where(
      'userId' in by
        ? sql<boolean>`u.id = ${by.userId}`
        : sql<boolean>`lower(u.username) = lower(${by.username})`,
    )
    .executeTakeFirst();
  return row === undefined ? undefined : { id: row.id, isGuest: row.is_guest ?? false };
}

/** A page of a channel's members: owners first, then as they joined. */
export async function listMembers(
  tx: Tx,
  channelId: string,
  range: { readonly limit: number; readonly offset: number },
): Promise<ChannelMember[]> {
  const rows = await selectMembers(tx)
    .where('m.channel_id', '=', channelId)
    .orderBy(
      sql`array_position(ARRAY['owner', 'admin', 'broadcaster', 'member', 'moderator', 'viewer'], m.role::text)`,
    )
    .orderBy('m.joined_at')
    .orderBy('m.user_id')
    .limit(range.limit)
    .offset(range.offset)
    .execute();
  return rows.map(memberOf);
}

/** One member. */
export async function findMember(
  tx: Tx,
  channelId: string,
  userId: string,
): Promise<ChannelMember | undefined> {
  const row = await selectMembers(tx)
    .where('m.channel_id', '=', channelId)
    .where('m.user_id', '=', userId)
    .executeTakeFirst();
  return row === undefined ? undefined : memberOf(row);
}

function selectMembers(tx: Tx) {
  return tx
    .selectFrom('tallylight.channel_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select([
      'm.channel_id',
      'm.user_id',
      'm.role',
      'm.joined_at',
      'u.username',
      'u.display_name',
      'u.avatar_url',
    ]);
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof selectMembers>['executeTakeFirstOrThrow']>>;

function memberOf(row: MemberRow): ChannelMember {
  return {
    channelId: row.channel_id,
    userId: row.user_id,
    role: storedRole(row.role),
    joinedAt: row.joined_at.toISOString(),
    user: publicUserOf(row.user_id, row),
  };
}
