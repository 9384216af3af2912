import {
  type LiveNotification,
  type NotificationSettings,
  notification,
  type Reminder,
} from '@tallylight/protocol/entities/audience.ts';
import { sql } from 'kysely';
import { v7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import type { NotificationKind } from './notification-mail.ts';

/** A stream that people are told of. */
export interface StreamToTell {
  readonly id: string;
  readonly channelId: string;
  readonly broadcasterId: string;
  readonly title: string;
  readonly scheduledAt?: string | undefined;
}

/** Somebody who follows a stream's channel or broadcaster. */
export interface FollowerToTell {
  readonly userId: string;
  /** May see the stream, and wants to hear of it. */
  readonly isTold: boolean;
  readonly byMail: boolean;
}

/** Followers of a stream's channel and broadcaster after an id, ordered by it. */
export async function followersAfter(
  tx: Tx,
  stream: StreamToTell,
  kind: 'live' | 'scheduled',
  page: { readonly after: string; readonly limit: number },
): Promise<readonly FollowerToTell[]> {
  const wanted = sql.ref(kind === 'live' ? 'n.on_live' : 'n.on_scheduled');
  const { rows } = await sql<{ user_id: string; told: boolean; mailed: boolean }>`
    SELECT f.user_id, coalesce(n.by_mail, false) AS mailed,
      coalesce(${wanted}, true) AND tallylight.may_be_told(${stream.id}, f.user_id)
        AND NOT tallylight.is_barred(${stream.id}, f.user_id) AS told
    FROM (
      SELECT user_id FROM nchat_channel_follows WHERE channel_id = ${stream.channelId} AND user_id > ${page.after}
      UNION
      SELECT user_id FROM nchat_user_follows WHERE followed_id = ${stream.broadcasterId} AND user_id > ${page.after}
      ORDER BY user_id LIMIT ${page.limit}
    ) AS f
    LEFT JOIN nchat_stream_notification_settings n ON n.user_id = f.user_id AND n.channel_id = ${stream.channelId}
    WHERE f.user_id <> ${stream.broadcasterId}
    ORDER BY f.user_id`.execute(tx);
  return rows.map((row) => ({ userId: row.user_id, isTold: row.told, byMail: row.mailed }));
}

/** Writes notifications; answers with the people who had not been told the same before. */
export async function insertNotifications(
  tx: Tx,
  streamId: string,
  kind: NotificationKind,
  userIds: readonly string[],
  at: Date,
): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  const ids = userIds.map(() => v7());
  const { rows } = await sql<{ user_id: string }>`
    INSERT INTO nchat_stream_notifications (id, user_id, stream_id, kind, created_at)
    SELECT t.id, t.user_id, ${streamId}::uuid, ${kind}, ${at}::timestamptz
    FROM unnest(${ids}::uuid[], ${[...userIds]}::uuid[]) AS t (id, user_id)
    ON CONFLICT (user_id, stream_id, kind) DO NOTHING
    RETURNING user_id`.execute(tx);
  return new Set(rows.map((row) => row.user_id));
}

/** Reminds, from now on, the followers who want to be of every stream of the channel. */
export async function insertDefaultReminders(tx: Tx, stream: StreamToTell): Promise<void> {
  await sql`
    INSERT INTO nchat_stream_reminders (stream_id, user_id, minutes_before)
    SELECT ${stream.id}::uuid, n.user_id, n.reminder_minutes
    FROM nchat_stream_notification_settings n
    WHERE n.channel_id = ${stream.channelId} AND n.reminder_minutes IS NOT NULL
      AND tallylight.may_be_told(${stream.id}, n.user_id)
      AND (EXISTS (SELECT 1 FROM nchat_channel_follows f WHERE f.channel_id = n.channel_id AND f.user_id = n.user_id)
        OR EXISTS (SELECT 1 FROM nchat_user_follows f WHERE f.followed_id = ${stream.broadcasterId} AND f.user_id = n.user_id))
    ON CONFLICT (stream_id, user_id) DO NOTHING`.execute(tx);
}

/** A stream was put off: who had been reminded of the old date is reminded of the new one. */
export async function renewReminders(tx: Tx, streamId: string, now: Date): Promise<void> {
  await sql`
    UPDATE nchat_stream_reminders r SET sent_at = NULL
    FROM nchat_streams s
    WHERE s.id = r.stream_id AND r.stream_id = ${streamId} AND r.sent_at IS NOT NULL
      AND s.scheduled_at - make_interval(mins => r.minutes_before) > ${now}`.execute(tx);
}

/** A reminder that was due and is sent now. */
export interface DueReminder {
  readonly stream: StreamToTell;
  readonly channelName: string;
  readonly userId: string;
  readonly byMail: boolean;
}

/**
 * Marks due reminders as sent and writes their notifications, so that each is sent once, by whoever asks first. Those that came too late,
 * or whose people may not see the stream any more, are marked only. `taken` 0: no more are due.
 */
export async function takeDueReminders(
  tx: Tx,
  options: { readonly now: Date; readonly notBefore: Date; readonly limit: number },
): Promise<{ readonly taken: number; readonly due: readonly DueReminder[] }> {
  const { rows } = await sql<{
    stream_id: string;
    user_id: string;
    told: boolean;
    mailed: boolean;
    title: string;
    scheduled_at: Date;
    channel_id: string;
    broadcaster_id: string;
    channel: string;
  }>`
    WITH due AS (
      SELECT r.stream_id, r.user_id FROM nchat_stream_reminders r JOIN nchat_streams s ON s.id = r.stream_id
      WHERE r.sent_at IS NULL AND s.status IN ('scheduled', 'preparing')
        AND s.scheduled_at - make_interval(mins => r.minutes_before) <= ${options.now}
      ORDER BY r.stream_id, r.user_id LIMIT ${options.limit} FOR UPDATE OF r SKIP LOCKED
    ), sent AS (
      UPDATE nchat_stream_reminders r SET sent_at = ${options.now} FROM due
      WHERE r.stream_id = due.stream_id AND r.user_id = due.user_id
      RETURNING r.stream_id, r.user_id
    )
    SELECT sent.stream_id, sent.user_id, s.title, s.scheduled_at, s.channel_id, s.broadcaster_id, c.name AS channel,
      coalesce(n.by_mail, false) AS mailed,
      s.scheduled_at >= ${options.notBefore} AND tallylight.may_be_reminded(sent.stream_id, sent.user_id) AS told
    FROM sent JOIN nchat_streams s ON s.id = sent.stream_id JOIN tallylight.channels c ON c.id = s.channel_id
    LEFT JOIN nchat_stream_notification_settings n ON n.user_id = sent.user_id AND n.channel_id = s.channel_id`.execute(
    tx,
  );
  const told = rows.filter((row) => row.told);
  if (told.length > 0)
    await sql`
      INSERT INTO nchat_stream_notifications (id, user_id, stream_id, kind, created_at)
      SELECT t.id, t.user_id, t.stream_id, 'reminder', ${options.now}::timestamptz
      FROM unnest(${told.map(() => v7())}::uuid[], ${told.map((row) => row.user_id)}::uuid[],
        ${told.map((row) => row.stream_id)}::uuid[]) AS t (id, user_id, stream_id)
      ON CONFLICT (user_id, stream_id, kind) DO UPDATE SET created_at = excluded.created_at, read_at = NULL`.execute(
      tx,
    );
  return {
    taken: rows.length,
    due: told.map((row) => ({
      stream: {
        id: row.stream_id,
        channelId: row.channel_id,
        broadcasterId: row.broadcaster_id,
        title: row.title,
        scheduledAt: row.scheduled_at.toISOString(),
      },
      channelName: row.channel,
      userId: row.user_id,
      byMail: row.mailed,
    })),
  };
}

/** A channel's name. */
export async function channelName(tx: Tx, channelId: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('tallylight.channels')
    .select('name')
    .where('id', '=', channelId)
    .executeTakeFirst();
  return row?.name;
}

/** What a user wants to hear of a channel; undefined when they do not see the channel. */
export async function findSettings(
  tx: Tx,
  channelId: string,
  userId: string,
): Promise<NotificationSettings | undefined> {
  const row = await tx
    .selectFrom('tallylight.channels as c')
    .leftJoin('nchat_stream_notification_settings as n', (join) =>
      join.onRef('n.channel_id', '=', 'c.id').on('n.user_id', '=', userId),
    )
    .select(['c.id', 'n.on_live', 'n.on_scheduled', 'n.by_mail', 'n.reminder_minutes'])
    .where('c.id', '=', channelId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    channelId: row.id,
    onLive: row.on_live ?? true,
    onScheduled: row.on_scheduled ?? true,
    byMail: row.by_mail ?? false,
    ...(row.reminder_minutes === null ? {} : { reminderMinutes: row.reminder_minutes }),
  };
}

/** Writes what a user wants to hear of a channel. */
export async function putSettings(tx: Tx, userId: string, settings: NotificationSettings): Promise<void> {
  const wanted = {
    on_live: settings.onLive,
    on_scheduled: settings.onScheduled,
    by_mail: settings.byMail,
    reminder_minutes: settings.reminderMinutes ?? null,
  };
  await tx
    .insertInto('nchat_stream_notification_settings')
    .values({ user_id: userId, channel_id: settings.channelId, ...wanted })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'channel_id']).doUpdateSet({ ...wanted, updated_at: sql`now()` }),
    )
    .execute();
}

/** When a stream is scheduled and where it is in its life; undefined when the caller does not see it. */
export async function findSchedule(
  tx: Tx,
  streamId: string,
): Promise<{ readonly status: string; readonly scheduledAt: Date | null } | undefined> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select(['status', 'scheduled_at'])
    .where('id', '=', streamId)
    .executeTakeFirst();
  return row === undefined ? undefined : { status: row.status, scheduledAt: row.scheduled_at };
}

/** How many reminders a user waits for, other than that of one stream. */
export async function countWaiting(tx: Tx, userId: string, exceptStreamId: string): Promise<number> {
  const { n } = await tx
    .selectFrom('nchat_stream_reminders')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('user_id', '=', userId)
    .where('stream_id', '<>', exceptStreamId)
    .where('sent_at', 'is', null)
    .executeTakeFirstOrThrow();
  return n;
}

/** Asks to be reminded; one that was sent is sent again at the new time. */
export async function putReminder(
  tx: Tx,
  streamId: string,
  userId: string,
  minutesBefore: number,
): Promise<Reminder> {
  await tx
    .insertInto('nchat_stream_reminders')
    .values({ stream_id: streamId, user_id: userId, minutes_before: minutesBefore })
    .onConflict((conflict) =>
      conflict
        .columns(['stream_id', 'user_id'])
        .doUpdateSet({ minutes_before: minutesBefore, sent_at: null }),
    )
    .execute();
  return { streamId, minutesBefore };
}

/** Asks not to be reminded. */
export async function deleteReminder(tx: Tx, streamId: string, userId: string): Promise<void> {
  await tx
    .deleteFrom('nchat_stream_reminders')
    .where('stream_id', '=', streamId)
    .where('user_id', '=', userId)
    .execute();
}

/** A page of what a user was told of streams that they still see, newest first. */
export async function listNotifications(
  tx: Tx,
  userId: string,
  query: { readonly unread: boolean; readonly limit: number; readonly offset: number },
): Promise<{ notifications: LiveNotification[]; total: number; unread: number }> {
  const seen = tx
    .selectFrom('nchat_stream_notifications as n')
    .innerJoin('nchat_streams as s', 's.id', 'n.stream_id')
    .innerJoin('tallylight.channels as c', 'c.id', 's.channel_id')
    .where('n.user_id', '=', userId);
  const rows = await (query.unread ? seen.where('n.read_at', 'is', null) : seen)
    .selectAll('n')
    .select(['s.title', 's.status', 's.scheduled_at', 's.channel_id', 'c.name as channel_name'])
    .orderBy('n.created_at', 'desc')
    .orderBy('n.id', 'desc')
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  const counted = await seen
    .select((eb) => [
      eb.fn.countAll<number>().as('all'),
      eb.fn.countAll<number>().filterWhere('n.read_at', 'is', null).as('unread'),
    ])
    .executeTakeFirstOrThrow();
  return {
    notifications: rows.map((row) => ({
      id: row.id,
      kind: notification.shape.kind.parse(row.kind),
      streamId: row.stream_id,
      streamTitle: row.title,
      streamStatus: row.status,
      ...(row.scheduled_at === null ? {} : { scheduledAt: row.scheduled_at.toISOString() }),
      channelId: row.channel_id,
      channelName: row.channel_name,
      ...(row.read_at === null ? {} : { readAt: row.read_at.toISOString() }),
      createdAt: row.created_at.toISOString(),
    })),
    total: query.unread ? counted.unread : counted.all,
    unread: counted.unread,
  };
}

/** Marks a user's notifications as read: some, or all. */
export async function markRead(
  tx: Tx,
  userId: string,
  ids: readonly string[] | undefined,
  at: Date,
): Promise<void> {
  if (ids?.length === 0) return;
  const unread = tx
    .updateTable('nchat_stream_notifications')
    .set({ read_at: at })
    .where('user_id', '=', userId)
    .where('read_at', 'is', null);
  await (ids === undefined ? unread : unread.where('id', 'in', [...ids])).execute();
}

/** Forgets notifications from before a moment; answers with how many there were. */
export async function deleteNotificationsBefore(tx: Tx, before: Date): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_stream_notifications')
    .where('created_at', '<', before)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
