import { sql } from 'kysely';
import type { Database, Tx } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';

const DAY_MS = 86_400_000;
/** Guests removed in one transaction. */
const BATCH = 200;

/**
 * Removes guests who have no session and of whom nothing was seen for so many days: nobody can come back as them. What they wrote stays where
 * it was, by a person without a name; who left nothing behind is gone wholly. Who can sign in, by whatever way, is never touched. For a job,
 * every day; answers with how many there were.
 */
export async function removeIdleGuests(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly retentionDays: number;
}): Promise<number> {
  const { database, clock, retentionDays } = options;
  const now = new Date(clock.now());
  const before = new Date(clock.now() - retentionDays * DAY_MS);
  for (let removed = 0; ; ) {
    // As the service: it is the server's own housekeeping.
    const ids = await database.asService(async (tx) => {
      const idle = await lockIdleGuests(tx, { now, before, limit: BATCH });
      if (idle.length > 0) await removeGuests(tx, idle, now);
      return idle;
    });
    removed += ids.length;
    if (ids.length < BATCH) return removed;
  }
}

async function lockIdleGuests(
  tx: Tx,
  { now, before, limit }: { readonly now: Date; readonly before: Date; readonly limit: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT u.id FROM accounts."user" u JOIN nchat_live_accounts l ON l.user_id = u.id
    WHERE u.is_anonymous AND l.is_guest AND l.server_role = 'user'
      AND greatest(u.created_at, u.updated_at, u.seen_at) < ${before}
      AND NOT EXISTS (SELECT 1 FROM accounts.session s
        WHERE s.user_id = u.id AND (s.expires_at > ${now} OR s.updated_at >= ${before}))
      -- A way to sign in makes a member of a guest.
      AND NOT EXISTS (SELECT 1 FROM accounts.account a WHERE a.user_id = u.id)
      AND NOT EXISTS (SELECT 1 FROM accounts.passkey p WHERE p.user_id = u.id)
      AND NOT EXISTS (SELECT 1 FROM nchat_stream_chat_messages m WHERE m.user_id = u.id AND m.created_at >= ${before})
      AND NOT EXISTS (SELECT 1 FROM nchat_stream_questions q WHERE q.user_id = u.id AND q.created_at >= ${before})
      AND NOT EXISTS (SELECT 1 FROM nchat_stream_reactions r WHERE r.user_id = u.id AND r.created_at >= ${before})
      AND NOT EXISTS (SELECT 1 FROM nchat_stream_viewers v WHERE v.user_id = u.id AND v.last_seen_at >= ${before})
    ORDER BY u.id LIMIT ${limit} FOR UPDATE OF u SKIP LOCKED`.execute(tx);
  return rows.map(({ id }) => id);
}

/** What was theirs alone, as removing a person takes it along by itself where the row of `users` goes, too. */
const OWN = [
  'nchat_channel_follows',
  'nchat_user_follows',
  'nchat_channel_subscriptions',
  'nchat_channel_members',
  'nchat_stream_moderators',
  'nchat_stream_notification_settings',
  'nchat_stream_reminders',
  'nchat_stream_notifications',
  'nchat_live_idempotency',
] as const;

async function removeGuests(tx: Tx, idle: readonly string[], now: Date): Promise<void> {
  const ids = [...idle];
  // Votes count, too: without them a question would sink.
  const { rows } = await sql<{ user_id: string }>`
    UPDATE nchat_live_accounts l SET removed_at = ${now} WHERE l.user_id = ANY (${ids}::uuid[]) AND (
      EXISTS (SELECT 1 FROM nchat_stream_chat_messages m WHERE m.user_id = l.user_id)
      OR EXISTS (SELECT 1 FROM nchat_stream_questions q WHERE q.user_id = l.user_id)
      OR EXISTS (SELECT 1 FROM nchat_stream_question_votes v WHERE v.user_id = l.user_id)
      OR EXISTS (SELECT 1 FROM nchat_stream_reactions r WHERE r.user_id = l.user_id))
    RETURNING l.user_id`.execute(tx);
  const nameless = rows.map((row) => row.user_id);
  if (nameless.length > 0) {
    for (const table of OWN) await tx.deleteFrom(table).where('user_id', 'in', nameless).execute();
    await tx.deleteFrom('nchat_user_follows').where('followed_id', 'in', nameless).execute();
  }
  // `users` follows by trigger: a row that is marked loses its name, any other one goes with all that is left.
  await tx.deleteFrom('accounts.user').where('id', 'in', ids).execute();
}
