import { streamQuality } from '@tallylight/protocol/entities/stream.ts';
import type { ViewerInfo } from '@tallylight/protocol/routes/viewers.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** Which viewers of a stream, in which order. */
export interface ViewerQuery {
  readonly includeMetadata: boolean;
  /** Those too who left. */
  readonly includeInactive: boolean;
  readonly sortBy: 'joinTime' | 'username' | 'duration';
  readonly sortOrder: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

const ORDER = {
  joinTime: 'v.joined_at',
  username: 'u.username',
  duration: 'v.total_watch_time_seconds',
} as const;

/** A page of the viewers of a stream, and how many there are in all. */
export async function viewerPage(
  tx: Tx,
  streamId: string,
  query: ViewerQuery,
): Promise<{ readonly viewers: readonly ViewerInfo[]; readonly total: number }> {
  let matching = tx.selectFrom('nchat_stream_viewers as v').where('v.stream_id', '=', streamId);
  if (!query.includeInactive) matching = matching.where('v.left_at', 'is', null);
  const { total } = await matching
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const rows = await matching
    .leftJoin('users as u', 'u.id', 'v.user_id')
    .select(['v.id', 'v.user_id', 'v.joined_at', 'v.left_at', 'v.last_seen_at', 'v.total_watch_time_seconds'])
    .select(['v.selected_quality', 'v.transport', 'v.country', 'v.device', 'v.browser', 'v.os', 'v.stalls'])
    .select(['v.sent_chat_messages', 'v.sent_reactions', 'u.username', 'u.display_name', 'u.avatar_url'])
    .orderBy(sql.ref(ORDER[query.sortBy]), (order) =>
      (query.sortOrder === 'asc' ? order.asc() : order.desc()).nullsLast(),
    )
    .orderBy('v.id')
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  const viewers = rows.map((row): ViewerInfo => {
    const username = row.username ?? 'anonymous';
    return {
      id: row.id,
      ...(row.user_id === null ? {} : { userId: row.user_id }),
      username,
      displayName: row.display_name ?? (row.user_id === null ? 'Anonymous' : username),
      ...(row.avatar_url === null ? {} : { avatarUrl: row.avatar_url }),
      joinedAt: row.joined_at.toISOString(),
      duration: row.total_watch_time_seconds,
      isActive: row.left_at === null,
      // nchat's route is a call's: who watches a stream sends nothing.
      ...{ isAudioEnabled: false, isVideoEnabled: false, isScreenSharing: false },
      ...(query.includeMetadata ? { metadata: metadataOf(row) } : {}),
    };
  });
  return { viewers, total };
}

function metadataOf(row: {
  readonly selected_quality: string;
  readonly transport: string | null;
  readonly country: string | null;
  readonly device: string | null;
  readonly browser: string | null;
  readonly os: string | null;
  readonly left_at: Date | null;
  readonly last_seen_at: Date;
  readonly stalls: number;
  readonly sent_chat_messages: number;
  readonly sent_reactions: number;
}): ViewerInfo['metadata'] {
  const { transport, country, device, browser, os } = row;
  const known = Object.entries({ transport, country, device, browser, os }).filter(
    ([, value]) => value !== null,
  );
  return {
    selectedQuality: streamQuality.catch('auto').parse(row.selected_quality),
    ...Object.fromEntries(known),
    ...(row.left_at === null ? {} : { leftAt: row.left_at.toISOString() }),
    lastSeenAt: row.last_seen_at.toISOString(),
    stalls: row.stalls,
    sentChatMessages: row.sent_chat_messages,
    sentReactions: row.sent_reactions,
  };
}
