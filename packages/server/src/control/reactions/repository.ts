import type { PublicUser } from '@tallylight/protocol/entities/basics.ts';
import { reactionType, type StreamReaction } from '@tallylight/protocol/entities/talk.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** Somebody who wants to react to something. */
export interface Asker {
  readonly streamId: string;
  readonly userId: string;
  /** An administrator of the server, as was proven: sees every stream. */
  readonly isAdmin: boolean;
}

/** What the rules ask of one stream and one user. */
export interface AdmissionRow {
  readonly status: string;
  readonly enableReactions: boolean;
  readonly barred: 'ban' | 'timeout' | undefined;
  readonly user: PublicUser;
}

/**
 * What the rules ask of many people at once, in their order; undefined where somebody does not see the stream. Runs as the service, as one
 * statement cannot run on behalf of many: visible is what `tallylight.may_view` says it is.
 */
export async function admissionRows(
  tx: Tx,
  askers: readonly Asker[],
): Promise<readonly (AdmissionRow | undefined)[]> {
  const { rows } = await sql<{
    at: number;
    user_id: string;
    status: string;
    enable_reactions: boolean;
    barred: 'ban' | 'timeout' | null;
    username: string | null;
    display_name: string | null;
    avatar_url: string | null;
  }>`
    WITH asked AS MATERIALIZED (
      SELECT * FROM unnest(${askers.map(({ streamId }) => streamId)}::uuid[], ${askers.map(({ userId }) => userId)}::uuid[],
        ${askers.map(({ isAdmin }) => isAdmin)}::boolean[]) WITH ORDINALITY AS a (stream_id, user_id, is_admin, at)
    ), s AS MATERIALIZED (
      SELECT id, channel_id, status, enable_reactions,
        visibility <> 'private' AND NOT coalesce(tallylight.channel_is_private(channel_id), true) AS is_open
      FROM nchat_streams WHERE id IN (SELECT stream_id FROM asked)
    )
    SELECT asked.at, asked.user_id, s.status, s.enable_reactions, u.username, u.display_name, u.avatar_url, (
      SELECT b.kind FROM nchat_stream_bans b
      WHERE b.user_id = asked.user_id AND b.channel_id = s.channel_id AND (b.stream_id IS NULL OR b.stream_id = s.id)
        AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now())
      ORDER BY b.kind LIMIT 1) AS barred
    FROM asked JOIN s ON s.id = asked.stream_id JOIN users u ON u.id = asked.user_id
    WHERE s.is_open OR asked.is_admin OR EXISTS (
      SELECT 1 FROM nchat_channel_members m WHERE m.channel_id = s.channel_id AND m.user_id = asked.user_id)`.execute(
    tx,
  );
  const found: (AdmissionRow | undefined)[] = askers.map(() => undefined);
  for (const row of rows)
    found[row.at - 1] = {
      status: row.status,
      enableReactions: row.enable_reactions,
      barred: row.barred ?? undefined,
      user: publicUserOf(row.user_id, row),
    };
  return found;
}

/** The hardest ban or time-out that holds now for a user, in the stream `s` of a query. */
export function barredKind(userId: string) {
  return sql<'ban' | 'timeout' | null>`(
    SELECT b.kind FROM nchat_stream_bans b
    WHERE b.user_id = ${userId} AND b.channel_id = s.channel_id AND (b.stream_id IS NULL OR b.stream_id = s.id)
      AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now())
    ORDER BY b.kind LIMIT 1)`.as('barred');
}

/** A person as everybody may see them. */
export function publicUserOf(
  id: string,
  row: {
    readonly username: string | null;
    readonly display_name: string | null;
    readonly avatar_url: string | null;
  },
): PublicUser {
  return {
    id,
    ...(row.username === null ? {} : { username: row.username }),
    ...(row.display_name === null ? {} : { displayName: row.display_name }),
    ...(row.avatar_url === null ? {} : { avatarUrl: row.avatar_url }),
  };
}

/**
 * Writes reactions and counts them in their streams, in one statement. A reaction that is there already is neither written nor counted
 * again; one whose stream or author has gone is left out.
 */
export async function insertReactions(tx: Tx, reactions: readonly StreamReaction[]): Promise<void> {
  const column = <T>(of: (reaction: StreamReaction) => T): T[] => reactions.map(of);
  await sql`
    WITH written AS (
      INSERT INTO nchat_stream_reactions (id, stream_id, user_id, emoji, reaction_type, position_x, position_y, created_at)
      SELECT r.* FROM unnest(
        ${column(({ id }) => id)}::uuid[], ${column(({ streamId }) => streamId)}::uuid[],
        ${column(({ userId }) => userId)}::uuid[], ${column(({ emoji }) => emoji)}::text[],
        ${column(({ reactionType: type }) => type)}::text[], ${column(({ positionX }) => positionX)}::real[],
        ${column(({ positionY }) => positionY)}::real[], ${column(({ createdAt }) => createdAt)}::timestamptz[]
      ) AS r (id, stream_id, user_id, emoji, reaction_type, position_x, position_y, created_at)
      WHERE EXISTS (SELECT 1 FROM nchat_streams s WHERE s.id = r.stream_id)
        AND EXISTS (SELECT 1 FROM users u WHERE u.id = r.user_id)
      ON CONFLICT (id) DO NOTHING
      RETURNING stream_id
    ), counted AS (SELECT stream_id, count(*)::int AS n FROM written GROUP BY stream_id)
    UPDATE nchat_streams s SET total_reactions = s.total_reactions + counted.n FROM counted WHERE s.id = counted.stream_id`.execute(
    tx,
  );
}

/** How many reactions a stream has had; undefined when it is not visible. */
export async function totalReactions(tx: Tx, streamId: string): Promise<number | undefined> {
  const row = await tx
    .selectFrom('nchat_streams')
    .select('total_reactions')
    .where('id', '=', streamId)
    .where(sql<boolean>`tallylight.may_attend(id)`)
    .executeTakeFirst();
  return row?.total_reactions;
}

/** The latest reactions of a stream, newest first. */
export async function latestReactions(
  tx: Tx,
  query: { readonly streamId: string; readonly limit: number; readonly since: string | undefined },
): Promise<readonly StreamReaction[]> {
  let select = tx
    .selectFrom('nchat_stream_reactions as r')
    .leftJoin('users as u', 'u.id', 'r.user_id')
    .selectAll('r')
    .select(['u.username', 'u.display_name', 'u.avatar_url'])
    .where('r.stream_id', '=', query.streamId)
    .orderBy('r.created_at', 'desc')
    .orderBy('r.id', 'desc')
    .limit(query.limit);
  if (query.since !== undefined) select = select.where('r.created_at', '>', new Date(query.since));
  return (await select.execute()).map((row) => ({
    id: row.id,
    streamId: row.stream_id,
    userId: row.user_id,
    emoji: row.emoji,
    reactionType: reactionType.safeParse(row.reaction_type).data ?? null,
    ...(row.position_x === null ? {} : { positionX: row.position_x }),
    ...(row.position_y === null ? {} : { positionY: row.position_y }),
    createdAt: row.created_at.toISOString(),
    user: publicUserOf(row.user_id, row),
  }));
}

/** How many reactions came after a moment. */
export async function countSince(tx: Tx, streamId: string, since: string): Promise<number> {
  const { n } = await tx
    .selectFrom('nchat_stream_reactions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('stream_id', '=', streamId)
    .where('created_at', '>', new Date(since))
    .executeTakeFirstOrThrow();
  return n;
}
