import { isIP } from 'node:net';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { bareAddress } from './countries.ts';
import type { UnwrittenSession } from './playback-session.ts';

/** What a stream's present viewers come to. */
export interface ViewerTotals {
  readonly streamId: string;
  readonly current: number;
  /** The most at once since this was last written. */
  readonly peak: number;
}

/** Longest User-Agent that is kept. */
const MAX_AGENT_LENGTH = 512;

/**
 * Writes sessions, new and changed, in one statement, and counts the new ones as views in it. Sessions of streams that are gone are passed
 * over. A session's row belongs to whoever was its first viewer to sign in: it is not changed for another one.
 */
export async function writeSessions(tx: Tx, sessions: readonly UnwrittenSession[]): Promise<void> {
  const column = <T>(of: (each: UnwrittenSession) => T): T[] => sessions.map(of);
  const time = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  await sql`
    WITH given AS (
      SELECT * FROM unnest(
        ${column(({ session }) => session.id)}::uuid[],
        ${column(({ session }) => session.start.streamId)}::uuid[],
        ${column(({ session }) => session.userId ?? null)}::uuid[],
        ${column(({ session }) => session.start.sessionId)}::text[],
        ${column(({ session }) => inetOf(session.start.address))}::inet[],
        ${column(({ session }) => session.start.userAgent?.slice(0, MAX_AGENT_LENGTH) ?? null)}::text[],
        ${column(({ session }) => session.start.country ?? null)}::text[],
        ${column(({ session }) => session.start.device ?? null)}::text[],
        ${column(({ session }) => session.start.browser ?? null)}::text[],
        ${column(({ session }) => session.start.os ?? null)}::text[],
        ${column(({ session }) => time(session.joinedAtMs))}::timestamptz[],
        ${column(({ session }) => time(session.leftAtMs))}::timestamptz[],
        ${column(({ session }) => time(session.seenAtMs))}::timestamptz[],
        ${column(({ watchSec }) => watchSec)}::integer[],
        ${column(({ session }) => session.report.quality ?? null)}::text[],
        ${column(({ session }) => session.report.transport ?? null)}::text[],
        ${column(({ session }) => session.report.stalls ?? 0)}::integer[],
        ${column(({ chatMessages }) => chatMessages)}::integer[],
        ${column(({ reactions }) => reactions)}::integer[]
      ) AS g (id, stream_id, user_id, session_id, ip_address, user_agent, country, device, browser, os, joined_at, left_at, seen_at,
        watch_sec, quality, transport, stalls, chat_messages, reactions)
    ), written AS (
      INSERT INTO nchat_stream_viewers AS v (id, stream_id, user_id, session_id, ip_address, user_agent, country, device, browser, os,
        joined_at, left_at, last_seen_at, total_watch_time_seconds, selected_quality, transport, stalls, sent_chat_messages, sent_reactions)
      SELECT g.id, g.stream_id, u.id, g.session_id, g.ip_address, g.user_agent, g.country, g.device, g.browser, g.os, g.joined_at, g.left_at,
        g.seen_at, g.watch_sec, coalesce(g.quality, 'auto'), g.transport, g.stalls, g.chat_messages, g.reactions
      FROM given g JOIN nchat_streams s ON s.id = g.stream_id LEFT JOIN users u ON u.id = g.user_id
      ON CONFLICT (stream_id, session_id) DO UPDATE SET
        user_id = coalesce(v.user_id, excluded.user_id),
        left_at = excluded.left_at,
        last_seen_at = greatest(v.last_seen_at, excluded.last_seen_at),
        total_watch_time_seconds = v.total_watch_time_seconds + excluded.total_watch_time_seconds,
        selected_quality = excluded.selected_quality,
        transport = coalesce(excluded.transport, v.transport),
        stalls = greatest(v.stalls, excluded.stalls),
        sent_chat_messages = v.sent_chat_messages + excluded.sent_chat_messages,
        sent_reactions = v.sent_reactions + excluded.sent_reactions,
        updated_at = now()
      WHERE v.user_id IS NULL OR v.user_id IS NOT DISTINCT FROM excluded.user_id
      RETURNING v.stream_id, xmax = 0 AS is_new
    )
    UPDATE nchat_streams s SET total_view_count = s.total_view_count + n.views
    FROM (SELECT stream_id, count(*)::integer AS views FROM written WHERE is_new GROUP BY stream_id) n
    WHERE s.id = n.stream_id`.execute(tx);
}

/** Writes how many watch now, and the most that did, of many streams in one statement. */
export async function writeTotals(tx: Tx, totals: readonly ViewerTotals[]): Promise<void> {
  await sql`
    UPDATE nchat_streams s
    SET current_viewers = g.current, peak_viewer_count = greatest(s.peak_viewer_count, g.peak)
    FROM unnest(
      ${totals.map(({ streamId }) => streamId)}::uuid[],
      ${totals.map(({ current }) => current)}::integer[],
      ${totals.map(({ peak }) => peak)}::integer[]
    ) AS g (stream_id, current, peak)
    WHERE s.id = g.stream_id`.execute(tx);
}

/** Closes so many of the sessions that a server left open which died; returns how many there were. */
export async function closeOpenSessions(tx: Tx, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE nchat_stream_viewers v SET left_at = v.last_seen_at, updated_at = now()
    FROM (SELECT id FROM nchat_stream_viewers WHERE left_at IS NULL LIMIT ${limit}) AS open
    WHERE v.id = open.id`.execute(tx);
  return Number(numAffectedRows ?? 0);
}

/** Nobody watches anything: what a server that died had written is not so any more. */
export async function resetCurrentViewers(tx: Tx): Promise<void> {
  await tx
    .updateTable('nchat_streams')
    .set({ current_viewers: 0 })
    .where('current_viewers', '<>', 0)
    .execute();
}

/**
 * Forgets where viewers were, and their User-Agents, in so many sessions whose stream has been over since before `before`; sessions of
 * streams that never ended count from when they were left. Returns how many there were.
 */
export async function forgetAddresses(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE nchat_stream_viewers v SET ip_address = NULL, user_agent = NULL
    FROM (
      SELECT w.id FROM nchat_stream_viewers w JOIN nchat_streams s ON s.id = w.stream_id
      WHERE (w.ip_address IS NOT NULL OR w.user_agent IS NOT NULL)
        AND w.left_at < ${before} AND s.status NOT IN ('live', 'ending') AND coalesce(s.ended_at, w.left_at) < ${before}
      LIMIT ${limit}) AS old
    WHERE v.id = old.id`.execute(tx);
  return Number(numAffectedRows ?? 0);
}

/** What `inet` takes; null for what is no address, such as a socket's without one. */
function inetOf(address: string): string | null {
  const [host = '', length] =
    bareAddress(address) === address ? [address] : [bareAddress(address), address.split('/')[1]];
  if (isIP(host) === 0 || host.includes('%')) return null;
  return length === undefined ? host : `${host}/${length}`;
}

/** True for a stream that nobody can watch any more: it ended, was called off, failed, or is deleted. */
export async function isStreamOver(tx: Tx, streamId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select('status')
    .where('id', '=', streamId)
    .executeTakeFirst();
  return row === undefined || ['ended', 'cancelled', 'failed'].includes(row.status);
}
