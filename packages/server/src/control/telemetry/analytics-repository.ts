import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** The part of a stream's life that figures are of. */
export interface AnalyticsRange {
  readonly streamId: string;
  readonly from: Date;
  readonly to: Date;
}

/** Points of a history at most. */
const POINTS = 60;
/** Countries, browsers or renditions that are told apart; the commonest ones. */
const GROUPS = 50;

/** Who watched in the range. */
export async function audienceTotals(tx: Tx, { streamId, from, to }: AnalyticsRange) {
  const { rows } = await sql<{
    sessions: number;
    people: number;
    watch_sec: number;
    stayed: number;
    stalls: number;
  }>`
    SELECT count(*)::integer AS sessions,
      count(DISTINCT coalesce(user_id::text, session_id))::integer AS people,
      coalesce(avg(total_watch_time_seconds), 0)::float8 AS watch_sec,
      count(*) FILTER (WHERE left_at IS NULL OR left_at >= ${to}::timestamptz - interval '1 minute')::integer AS stayed,
      coalesce(sum(stalls), 0)::integer AS stalls
    FROM nchat_stream_viewers
    WHERE stream_id = ${streamId} AND joined_at <= ${to} AND coalesce(left_at, ${to}::timestamptz) >= ${from}`.execute(
    tx,
  );
  return rows[0] ?? { sessions: 0, people: 0, watch_sec: 0, stayed: 0, stalls: 0 };
}

/** Sessions of the range by some of their columns, most first; what is not known is `unknown`. */
export async function audienceBy<C extends 'selected_quality' | 'country' | 'device' | 'browser' | 'os'>(
  tx: Tx,
  { streamId, from, to }: AnalyticsRange,
  columns: readonly C[],
): Promise<readonly (Record<C, string> & { readonly viewers: number })[]> {
  const named = columns.map((column) => sql`coalesce(${sql.ref(column)}, 'unknown') AS ${sql.ref(column)}`);
  const { rows } = await sql<Record<C, string> & { viewers: number }>`
    SELECT ${sql.join(named)}, count(*)::integer AS viewers
    FROM nchat_stream_viewers
    WHERE stream_id = ${streamId} AND joined_at <= ${to} AND coalesce(left_at, ${to}::timestamptz) >= ${from}
    GROUP BY ${sql.join(columns.map((_, at) => sql.lit(at + 1)))}
    ORDER BY viewers DESC, ${sql.join(columns.map((_, at) => sql.lit(at + 1)))}
    LIMIT ${sql.lit(GROUPS)}`.execute(tx);
  return rows;
}

/** What was written and reacted in the range. */
export async function talkTotals(tx: Tx, { streamId, from, to }: AnalyticsRange) {
  const { rows } = await sql<{ messages: number; message_length: number; participants: number }>`
    WITH messages AS (
      SELECT user_id, char_length(content) AS length FROM nchat_stream_chat_messages
      WHERE stream_id = ${streamId} AND created_at BETWEEN ${from} AND ${to} AND NOT is_deleted
    ), reactions AS (
      SELECT DISTINCT user_id FROM nchat_stream_reactions
      WHERE stream_id = ${streamId} AND created_at BETWEEN ${from} AND ${to}
    )
    SELECT (SELECT count(*)::integer FROM messages) AS messages,
      (SELECT coalesce(avg(length), 0)::float8 FROM messages) AS message_length,
      (SELECT count(*)::integer FROM (SELECT user_id FROM messages UNION SELECT user_id FROM reactions) AS people) AS participants`.execute(
    tx,
  );
  return rows[0] ?? { messages: 0, message_length: 0, participants: 0 };
}

/** Reactions of the range by nchat's names; every other emoji is `other`. */
export async function reactionsByType(
  tx: Tx,
  { streamId, from, to }: AnalyticsRange,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ type: string; count: number }>`
    SELECT coalesce(reaction_type, 'other') AS type, count(*)::integer AS count FROM nchat_stream_reactions
    WHERE stream_id = ${streamId} AND created_at BETWEEN ${from} AND ${to} GROUP BY 1 ORDER BY 2 DESC`.execute(
    tx,
  );
  return new Map(rows.map(({ type, count }) => [type, count]));
}

/** Messages and reactions over the range. */
export async function talkTimeline(tx: Tx, range: AnalyticsRange) {
  const { streamId, from, to } = range;
  const { rows } = await sql<{ at: Date; chat: number; reactions: number }>`
    SELECT ${bucket(range, sql`at`)} AS at, sum(chat)::integer AS chat, sum(reaction)::integer AS reactions FROM (
      SELECT created_at AS at, 1 AS chat, 0 AS reaction FROM nchat_stream_chat_messages
      WHERE stream_id = ${streamId} AND created_at BETWEEN ${from} AND ${to} AND NOT is_deleted
      UNION ALL
      SELECT created_at, 0, 1 FROM nchat_stream_reactions WHERE stream_id = ${streamId} AND created_at BETWEEN ${from} AND ${to}
    ) AS talk GROUP BY 1 ORDER BY 1`.execute(tx);
  return rows.map(({ at, chat, reactions }) => ({ timestamp: at.toISOString(), chat, reactions }));
}

/** Means and faults of the range's samples. */
export async function qualityTotals(tx: Tx, { streamId, from, to }: AnalyticsRange) {
  const { rows } = await sql<{
    viewers: number;
    bitrate: number;
    fps: number;
    health: number | null;
    issues: number;
    drops: number;
  }>`
    SELECT coalesce(avg(current_viewer_count), 0)::float8 AS viewers, coalesce(avg(bitrate_kbps), 0)::float8 AS bitrate,
      coalesce(avg(fps), 0)::float8 AS fps, avg(health_score)::float8 AS health,
      count(*) FILTER (WHERE health_score < 80)::integer AS issues,
      count(*) FILTER (WHERE health_score < 80 AND before >= 80)::integer AS drops
    FROM (
      SELECT *, lag(health_score) OVER (ORDER BY recorded_at) AS before FROM nchat_stream_quality_metrics
      WHERE stream_id = ${streamId} AND recorded_at BETWEEN ${from} AND ${to}
    ) AS samples`.execute(tx);
  return rows[0] ?? { viewers: 0, bitrate: 0, fps: 0, health: null, issues: 0, drops: 0 };
}

/** Viewers over the range, by its samples. */
export async function viewerHistory(tx: Tx, range: AnalyticsRange) {
  const { rows } = await sql<{ at: Date; count: number }>`
    SELECT ${bucket(range, sql`recorded_at`)} AS at, round(avg(current_viewer_count), 1)::float8 AS count
    FROM nchat_stream_quality_metrics
    WHERE stream_id = ${range.streamId} AND recorded_at BETWEEN ${range.from} AND ${range.to} GROUP BY 1 ORDER BY 1`.execute(
    tx,
  );
  return rows.map(({ at, count }) => ({ timestamp: at.toISOString(), count }));
}

/** The newest sample that knows the picture. */
export async function newestPicture(tx: Tx, { streamId, from, to }: AnalyticsRange) {
  return tx
    .selectFrom('nchat_stream_quality_metrics')
    .select(['resolution', 'bitrate_kbps', 'fps'])
    .where('stream_id', '=', streamId)
    .where('recorded_at', '>=', from)
    .where('recorded_at', '<=', to)
    .where('resolution', 'is not', null)
    .orderBy('recorded_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The start of the equal part of the range that a moment is in; minutes at least, {@link POINTS} parts at most. */
function bucket({ from, to }: AnalyticsRange, column: ReturnType<typeof sql>) {
  const minutes = Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 60_000 / (POINTS - 1)));
  return sql`date_bin(make_interval(mins => ${sql.lit(minutes)}), ${column}, ${from}::timestamptz)`;
}
