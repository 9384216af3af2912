import {
  type AutoModConfig,
  autoModConfig,
  type ModerationAction,
  type ModerationLog,
  type ModeratorPermissions,
  moderationAction,
  type StreamBan,
  type StreamModerator,
} from '@tallylight/protocol/entities/moderation.ts';
import { type ChatMode, chatMode } from '@tallylight/protocol/entities/stream.ts';
import { sql } from 'kysely';
import { v7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import { publicNames } from '../chat/chat-repository.ts';
import { permissionsFrom } from './authority.ts';

/** One line for the moderation log. */
export interface LogLine {
  readonly streamId: string;
  readonly moderatorId: string;
  readonly targetUserId?: string | undefined;
  readonly action: ModerationAction;
  readonly reason?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A ban or time-out to be written. */
export interface NewBar {
  readonly id: string;
  readonly channelId: string;
  /** Undefined: the whole channel. */
  readonly streamId: string | undefined;
  readonly userId: string;
  readonly moderatorId: string;
  readonly kind: 'ban' | 'timeout';
  readonly reason: string | undefined;
  /** Undefined: for ever. */
  readonly seconds: number | undefined;
}

/** What moderators may set of a stream. */
export interface ModeratedSettings {
  readonly mode: ChatMode;
  readonly slowModeSeconds: number;
  readonly autoMod: AutoModConfig;
}

/** The channel of a stream; undefined when the stream does not exist for the caller. */
export async function readChannel(tx: Tx, streamId: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select('channel_id')
    .where('id', '=', streamId)
    .executeTakeFirst();
  return row?.channel_id;
}

/** Adds to the log. */
export async function writeLog(tx: Tx, line: LogLine): Promise<void> {
  await tx
    .insertInto('nchat_stream_moderation_log')
    .values({
      id: v7(),
      stream_id: line.streamId,
      moderator_id: line.moderatorId,
      target_user_id: line.targetUserId ?? null,
      action: line.action,
      reason: line.reason ?? null,
      metadata: JSON.stringify(line.metadata ?? {}),
    })
    .execute();
}

/** A page of the log, the newest first. */
export async function readLog(
  tx: Tx,
  streamId: string,
  page: { readonly limit: number; readonly offset: number; readonly action?: ModerationAction | undefined },
): Promise<ModerationLog[]> {
  let query = tx
    .selectFrom('nchat_stream_moderation_log')
    .selectAll()
    .where('stream_id', '=', streamId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .offset(page.offset);
  if (page.action !== undefined) query = query.where('action', '=', page.action);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    streamId: row.stream_id,
    ...(row.moderator_id === null ? {} : { moderatorId: row.moderator_id }),
    ...(row.target_user_id === null ? {} : { targetUserId: row.target_user_id }),
    action: moderationAction.parse(row.action),
    ...(row.reason === null ? {} : { reason: row.reason }),
    metadata: { ...(row.metadata as Record<string, unknown>) },
    createdAt: row.created_at.toISOString(),
  }));
}

/** Moderators that are listed: only owners of a stream appoint them, one by one. */
const MOST_MODERATORS = 500;

/** The moderators of a stream, the first appointed first. */
export async function readModerators(tx: Tx, streamId: string, userId?: string): Promise<StreamModerator[]> {
  let query = tx
    .selectFrom('nchat_stream_moderators as m')
    .leftJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.stream_id', 'm.user_id', 'm.added_by', 'm.added_at', 'm.permissions'])
    .select(['u.username', 'u.display_name', 'u.avatar_url'])
    .where('m.stream_id', '=', streamId)
    .orderBy('m.added_at')
    .limit(MOST_MODERATORS);
  if (userId !== undefined) query = query.where('m.user_id', '=', userId);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.user_id,
    streamId: row.stream_id,
    userId: row.user_id,
    ...(row.added_by === null ? {} : { addedBy: row.added_by }),
    addedAt: row.added_at.toISOString(),
    permissions: permissionsFrom(row.permissions),
    user: { id: row.user_id, ...publicNames(row) },
  }));
}

/** Appoints a moderator; false when they were one already. */
export async function addModerator(
  tx: Tx,
  moderator: {
    readonly streamId: string;
    readonly userId: string;
    readonly addedBy: string;
    readonly permissions: ModeratorPermissions;
  },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('nchat_stream_moderators')
    .values({
      stream_id: moderator.streamId,
      user_id: moderator.userId,
      added_by: moderator.addedBy,
      permissions: JSON.stringify(moderator.permissions),
    })
    .onConflict((conflict) => conflict.columns(['stream_id', 'user_id']).doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Dismisses a moderator; false when they were none. */
export async function removeModerator(tx: Tx, streamId: string, userId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_stream_moderators')
    .where('stream_id', '=', streamId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** True when a ban or time-out that the caller sees holds in a stream now, of whichever scope. */
export async function isBarred(
  tx: Tx,
  kind: 'ban' | 'timeout',
  { channelId, streamId, userId }: Pick<NewBar, 'channelId' | 'userId'> & { readonly streamId: string },
): Promise<boolean> {
  const row = await inForce(tx, kind, { channelId, userId })
    .where(sql<boolean>`(stream_id IS NULL OR stream_id = ${streamId})`)
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** True when a ban of that scope holds now. */
export async function isBanned(
  tx: Tx,
  bar: Pick<NewBar, 'channelId' | 'streamId' | 'userId'>,
): Promise<boolean> {
  const row = await inForce(tx, 'ban', bar)
    .where(
      bar.streamId === undefined
        ? sql<boolean>`stream_id IS NULL`
        : sql<boolean>`stream_id = ${bar.streamId}`,
    )
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Writes a ban or time-out. It waits for the messages that are being stored; none of the person's follows once it is committed. */
export async function writeBar(
  tx: Tx,
  bar: NewBar,
): Promise<{ readonly createdAt: Date; readonly expiresAt: Date | undefined }> {
  const expires =
    bar.seconds === undefined ? null : sql<Date>`clock_timestamp() + make_interval(secs => ${bar.seconds})`;
  await tx
    .insertInto('nchat_stream_bans')
    .values({
      id: bar.id,
      channel_id: bar.channelId,
      stream_id: bar.streamId ?? null,
      user_id: bar.userId,
      kind: bar.kind,
      moderator_id: bar.moderatorId,
      reason: bar.reason ?? null,
      is_permanent: bar.seconds === undefined,
      expires_at: expires,
    })
    .execute();
  const row = await tx
    .selectFrom('nchat_stream_bans')
    .select(['created_at', 'expires_at'])
    .where('id', '=', bar.id)
    .executeTakeFirstOrThrow();
  return { createdAt: row.created_at, expiresAt: row.expires_at ?? undefined };
}

/** Lifts what holds of a kind and the caller may lift; says whether it was for the stream or for the channel. */
export async function liftBars(
  tx: Tx,
  kind: 'ban' | 'timeout',
  bar: {
    readonly channelId: string;
    readonly streamId: string;
    readonly userId: string;
    readonly by: string;
  },
): Promise<readonly ('stream' | 'channel')[]> {
  const rows = await tx
    .updateTable('nchat_stream_bans')
    .set({ lifted_at: sql`clock_timestamp()`, lifted_by: bar.by })
    .where('kind', '=', kind)
    .where('user_id', '=', bar.userId)
    .where('channel_id', '=', bar.channelId)
    .where(sql<boolean>`(stream_id IS NULL OR stream_id = ${bar.streamId})`)
    .where('lifted_at', 'is', null)
    .where(sql<boolean>`(expires_at IS NULL OR expires_at > now())`)
    .returning('stream_id')
    .execute();
  return rows.map(({ stream_id }) => (stream_id === null ? 'channel' : 'stream'));
}

/** Who is banned from a stream now, the newest ban first. */
export async function readBans(
  tx: Tx,
  where: { readonly channelId: string; readonly streamId: string },
  page: { readonly limit: number; readonly offset: number },
): Promise<StreamBan[]> {
  const rows = await inForce(tx, 'ban', where)
    .leftJoin('users as u', 'u.id', 'nchat_stream_bans.user_id')
    .where(sql<boolean>`(stream_id IS NULL OR stream_id = ${where.streamId})`)
    .select(['nchat_stream_bans.id', 'stream_id', 'user_id', 'moderator_id', 'reason', 'is_permanent'])
    .select(['expires_at', 'nchat_stream_bans.created_at', 'username', 'display_name', 'avatar_url'])
    .orderBy('nchat_stream_bans.created_at', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    streamId: where.streamId,
    scope: row.stream_id === null ? 'channel' : 'stream',
    userId: row.user_id,
    ...(row.moderator_id === null ? {} : { moderatorId: row.moderator_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    isPermanent: row.is_permanent,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
    createdAt: row.created_at.toISOString(),
    user: { id: row.user_id, ...publicNames(row) },
  }));
}

/** What moderators may set. As the service: `automod` holds the blocked words, which viewers do not see. */
export async function readSettings(tx: Tx, streamId: string): Promise<ModeratedSettings | undefined> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select(['chat_mode', 'slow_mode_seconds', 'automod'])
    .where('id', '=', streamId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    mode: chatMode.parse(row.chat_mode),
    slowModeSeconds: row.slow_mode_seconds,
    autoMod: autoModConfig.parse(row.automod),
  };
}

/** Writes what moderators may set. As the service, after their permission was checked: the policy of streams lets owners alone change them. */
export async function writeSettings(tx: Tx, streamId: string, settings: ModeratedSettings): Promise<void> {
  await tx
    .updateTable('nchat_streams')
    .set({
      chat_mode: settings.mode,
      slow_mode_seconds: settings.slowModeSeconds,
      automod: JSON.stringify(settings.autoMod),
      // Not now(): the row may have been waited for, and of two changes the later in effect must be the later by this clock too.
      updated_at: sql`clock_timestamp()`,
    })
    .where('id', '=', streamId)
    .execute();
}

function inForce(
  tx: Tx,
  kind: 'ban' | 'timeout',
  { channelId, userId }: { readonly channelId: string; readonly userId?: string },
) {
  const query = tx
    .selectFrom('nchat_stream_bans')
    .where('kind', '=', kind)
    .where('channel_id', '=', channelId)
    .where('lifted_at', 'is', null)
    .where(sql<boolean>`(expires_at IS NULL OR expires_at > now())`);
  return userId === undefined ? query : query.where('user_id', '=', userId);
}
