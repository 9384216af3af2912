import {
  type LiveNotification,
  type NotificationSettings,
  notification,
  type Reminder,
} from '@tallylight/protocol/entities/audience.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

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
