import { sql } from 'kysely';
import { v7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import type { NotificationKind } from './notification-mail.ts';

/** A start that followers are to be told of, under its row's lock. */
export interface Telling {
  readonly id: string;
  readonly kind: 'live' | 'scheduled';
  readonly streamId: string;
  readonly channelId: string;
  readonly broadcasterId: string;
  /** `scheduled` or `preparing`, and `live` for what is live. */
  readonly status: string;
  /** Followers with a greater id are still to be told. */
  readonly toldTo: string;
  /** False for what is not so any more: it ended, was called off, put off once more, or the time has passed. */
  readonly isSo: boolean;
}

/** Somebody who follows a stream's channel or broadcaster. */
export interface FollowerToTell {
  readonly userId: string;
  /** May see the stream, and wants to hear of it. */
  readonly isTold: boolean;
}

/** Locks what is to be told next: what never failed first. Undefined when nothing is left that nobody else is telling. */
export async function lockTelling(tx: Tx, now: Date): Promise<Telling | undefined> {
  const { rows } = await sql<{
    id: string;
    kind: 'live' | 'scheduled';
    stream_id: string;
    channel_id: string;
    broadcaster_id: string;
    status: string;
    told_to: string;
    is_so: boolean;
  }>`
    SELECT t.id::text, t.kind, t.stream_id, s.channel_id, s.broadcaster_id, s.status, t.told_to,
      CASE t.kind WHEN 'live' THEN s.status = 'live'
        ELSE s.status IN ('scheduled', 'preparing') AND s.scheduled_at = t.about AND t.about > ${now} END AS is_so
    FROM nchat_live_tellings t JOIN nchat_streams s ON s.id = t.stream_id
    WHERE t.done_at IS NULL
    ORDER BY t.failures, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED`.execute(tx);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    id: row.id,
    kind: row.kind,
    streamId: row.stream_id,
    channelId: row.channel_id,
    broadcasterId: row.broadcaster_id,
    status: row.status,
    toldTo: row.told_to,
    isSo: row.is_so,
  };
}

/** Notes that followers up to an id were told; without one, that all were. */
export async function noteTold(tx: Tx, id: string, upTo: string | undefined): Promise<void> {
  await tx
    .updateTable('nchat_live_tellings')
    .set(upTo === undefined ? { done_at: sql<Date>`now()` } : { told_to: upTo })
    .where('id', '=', id)
    .execute();
}

/** Notes that telling failed, so that others go first. */
export async function noteFailure(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('nchat_live_tellings')
    .set({ failures: sql<number>`failures + 1` })
    .where('id', '=', id)
    .execute();
}

/** Followers of a stream's channel and broadcaster after those who were told, ordered by id. */
export async function followersAfter(
  tx: Tx,
  { kind, streamId, channelId, broadcasterId, toldTo }: Telling,
  limit: number,
): Promise<readonly FollowerToTell[]> {
  const wanted = sql.ref(kind === 'live' ? 'n.on_live' : 'n.on_scheduled');
  const { rows } = await sql<{ user_id: string; told: boolean }>`
    SELECT f.user_id,
      coalesce(${wanted}, true) AND tallylight.may_be_told(${streamId}, f.user_id)
        AND NOT tallylight.is_barred(${streamId}, f.user_id) AS told
    FROM (
      SELECT user_id FROM nchat_channel_follows
        WHERE channel_id = ${channelId} AND user_id > ${toldTo} AND user_id <> ${broadcasterId}
      UNION
      SELECT user_id FROM nchat_user_follows
        WHERE followed_id = ${broadcasterId} AND user_id > ${toldTo} AND user_id <> ${broadcasterId}
      ORDER BY user_id LIMIT ${limit}
    ) AS f
    LEFT JOIN nchat_stream_notification_settings n ON n.user_id = f.user_id AND n.channel_id = ${channelId}
    ORDER BY f.user_id`.execute(tx);
  return rows.map((row) => ({ userId: row.user_id, isTold: row.told }));
}

/**
 * Writes notifications; answers with the people who had not been told the same before.
 * @param told.mails whether those who want mails get one.
 */
export async function insertNotifications(
  tx: Tx,
  { kind, streamId, channelId }: Telling,
  told: { readonly userIds: readonly string[]; readonly at: Date; readonly mails: boolean },
): Promise<readonly string[]> {
  const { userIds, at, mails } = told;
  if (userIds.length === 0) return [];
  const ids = userIds.map(() => v7());
  const { rows } = await sql<{ user_id: string }>`
    INSERT INTO nchat_stream_notifications (id, user_id, stream_id, kind, created_at, mail_due)
    SELECT t.id, t.user_id, ${streamId}::uuid, ${kind}, ${at}::timestamptz, ${mails} AND coalesce(n.by_mail, false)
    FROM unnest(${ids}::uuid[], ${[...userIds]}::uuid[]) AS t (id, user_id)
    LEFT JOIN nchat_stream_notification_settings n ON n.user_id = t.user_id AND n.channel_id = ${channelId}
    ON CONFLICT (user_id, stream_id, kind) DO NOTHING
    RETURNING user_id`.execute(tx);
  return rows.map((row) => row.user_id);
}

/** Reminds, from now on, the followers who want to be of every stream of the channel. */
export async function insertDefaultReminders(
  tx: Tx,
  { streamId, channelId, broadcasterId }: Telling,
): Promise<void> {
  await sql`
    INSERT INTO nchat_stream_reminders (stream_id, user_id, minutes_before)
    SELECT ${streamId}::uuid, n.user_id, n.reminder_minutes
    FROM nchat_stream_notification_settings n
    WHERE n.channel_id = ${channelId} AND n.reminder_minutes IS NOT NULL
      AND tallylight.may_be_told(${streamId}, n.user_id)
      AND (EXISTS (SELECT 1 FROM nchat_channel_follows f WHERE f.channel_id = n.channel_id AND f.user_id = n.user_id)
        OR EXISTS (SELECT 1 FROM nchat_user_follows f WHERE f.followed_id = ${broadcasterId} AND f.user_id = n.user_id))
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

/**
 * Marks due reminders as sent and writes their notifications, so that each is sent once, by whoever asks first. Those that came too late,
 * or whose people may not see the stream any more, are marked only. `taken` 0: no more are due.
 */
export async function takeDueReminders(
  tx: Tx,
  options: { readonly now: Date; readonly notBefore: Date; readonly limit: number; readonly mails: boolean },
): Promise<{
  readonly taken: number;
  readonly due: readonly { readonly userId: string; readonly streamId: string }[];
}> {
  const { rows } = await sql<{ stream_id: string; user_id: string; told: boolean; mailed: boolean }>`
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
    SELECT sent.stream_id, sent.user_id, coalesce(n.by_mail, false) AS mailed,
      s.scheduled_at >= ${options.notBefore} AND tallylight.may_be_reminded(sent.stream_id, sent.user_id) AS told
    FROM sent JOIN nchat_streams s ON s.id = sent.stream_id
    LEFT JOIN nchat_stream_notification_settings n ON n.user_id = sent.user_id AND n.channel_id = s.channel_id`.execute(
    tx,
  );
  const told = rows.filter((row) => row.told);
  if (told.length > 0)
    await sql`
      INSERT INTO nchat_stream_notifications (id, user_id, stream_id, kind, created_at, mail_due)
      SELECT t.id, t.user_id, t.stream_id, 'reminder', ${options.now}::timestamptz, ${options.mails} AND t.mailed
      FROM unnest(${told.map(() => v7())}::uuid[], ${told.map((row) => row.user_id)}::uuid[],
        ${told.map((row) => row.stream_id)}::uuid[], ${told.map((row) => row.mailed)}::boolean[])
        AS t (id, user_id, stream_id, mailed)
      ON CONFLICT (user_id, stream_id, kind)
        DO UPDATE SET created_at = excluded.created_at, read_at = NULL, mail_due = excluded.mail_due`.execute(
      tx,
    );
  return {
    taken: rows.length,
    due: told.map((row) => ({ userId: row.user_id, streamId: row.stream_id })),
  };
}

/** A mail that is due, and what is to be said in it. */
export interface DueMail {
  readonly userId: string;
  readonly kind: NotificationKind;
  readonly streamId: string;
  readonly title: string;
  readonly channelName: string;
  /** ISO 8601 */
  readonly scheduledAt: string | undefined;
  /** False: what it would say is not so any more, or not for this person. */
  readonly isTimely: boolean;
}

/** Takes the mail that has been due for longest, so that nobody else sends it; undefined when none is. */
export async function takeDueMail(
  tx: Tx,
  { now, notBefore }: { readonly now: Date; readonly notBefore: Date },
): Promise<DueMail | undefined> {
  const { rows } = await sql<{
    user_id: string;
    kind: NotificationKind;
    stream_id: string;
    title: string;
    scheduled_at: Date | null;
    channel: string;
    timely: boolean;
  }>`
    WITH due AS (
      SELECT n.id FROM nchat_stream_notifications n WHERE n.mail_due ORDER BY n.created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE nchat_stream_notifications n SET mail_due = false FROM due WHERE n.id = due.id
      RETURNING n.user_id, n.kind, n.stream_id
    )
    SELECT taken.user_id, taken.kind, taken.stream_id, s.title, s.scheduled_at, c.name AS channel,
      NOT tallylight.is_barred(s.id, taken.user_id) AND CASE taken.kind
        WHEN 'live' THEN s.status = 'live' AND tallylight.may_be_told(s.id, taken.user_id)
        WHEN 'scheduled' THEN s.status IN ('scheduled', 'preparing') AND s.scheduled_at > ${now}
          AND tallylight.may_be_told(s.id, taken.user_id)
        ELSE s.status IN ('scheduled', 'preparing') AND s.scheduled_at >= ${notBefore}
          AND tallylight.may_be_reminded(s.id, taken.user_id) END AS timely
    FROM taken JOIN nchat_streams s ON s.id = taken.stream_id JOIN tallylight.channels c ON c.id = s.channel_id`.execute(
    tx,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    userId: row.user_id,
    kind: row.kind,
    streamId: row.stream_id,
    title: row.title,
    channelName: row.channel,
    scheduledAt: row.scheduled_at?.toISOString(),
    isTimely: row.timely,
  };
}

/** Forgets notifications, and which starts were told, from before a moment; answers with how many notifications there were. */
export async function deleteNotificationsBefore(tx: Tx, before: Date): Promise<number> {
  await tx.deleteFrom('nchat_live_tellings').where('done_at', '<', before).execute();
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_stream_notifications')
    .where('created_at', '<', before)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
