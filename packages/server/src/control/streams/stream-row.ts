import { type QueryCreator, type Selectable, sql } from 'kysely';
import { PreparedRead } from '../../db/prepared-read.ts';
import type { StreamsTable, Tables } from '../../db/tables.ts';
import type { StreamFacts } from '../watching/managed-streams.ts';

/** The columns of a stream that a user's role may read. */
const COLUMNS = [
  'id',
  'channel_id',
  'broadcaster_id',
  'title',
  'description',
  'thumbnail_url',
  'scheduled_at',
  'status',
  'max_resolution',
  'bitrate_kbps',
  'fps',
  'is_recorded',
  'enable_chat',
  'enable_reactions',
  'enable_qa',
  'chat_mode',
  'slow_mode_seconds',
  'waiting_room',
  'visibility',
  'auto_start',
  'reconnect_window_seconds',
  'tags',
  'language',
  'current_viewers',
  'peak_viewer_count',
  'total_view_count',
  'total_chat_messages',
  'total_reactions',
  'started_at',
  'ended_at',
  'recording_url',
  'recording_duration_seconds',
  'created_at',
  'updated_at',
] as const;

/** A stream as somebody sees it. */
export interface StreamRow extends Pick<Selectable<StreamsTable>, (typeof COLUMNS)[number]> {
  readonly channel_is_private: boolean;
  /** The reader is the broadcaster, runs the channel, or is an administrator. */
  readonly owns: boolean;
  /** The reader may keep order in it; owners may. */
  readonly moderates: boolean;
  /** The masked key, for owners. */
  readonly key_mask: string | null;
}

/** A stream with its broadcaster, as everybody may see them. */
export interface StreamPageRow extends StreamRow {
  readonly broadcaster: BroadcasterNames | null;
}

/** The names of a broadcaster and the picture. */
export interface BroadcasterNames {
  readonly username: string | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
}

/** A stream by its id, as somebody sees it; no row where they do not. */
export const SEEN_STREAM = PreparedRead.of<StreamRow>('tallylight_stream', (db) =>
  selectStreams(db).where('id', '=', ''),
);

/** As {@link SEEN_STREAM}, with the broadcaster. */
export const STREAM_PAGE = PreparedRead.of<StreamPageRow>('tallylight_stream_page', (db) =>
  selectStreams(db)
    .select(
      sql<BroadcasterNames | null>`(SELECT jsonb_build_object('username', u.username, 'display_name', u.display_name,
        'avatar_url', u.avatar_url) FROM users u WHERE u.id = nchat_streams.broadcaster_id)`.as(
        'broadcaster',
      ),
    )
    .where('id', '=', ''),
);

/** Streams that the transaction's user may see, with what they may do; the service sees all and owns none. */
export function selectStreams(tx: QueryCreator<Tables>) {
  return tx
    .selectFrom('nchat_streams')
    .select(COLUMNS)
    .select([
      sql<boolean>`tallylight.channel_is_private(channel_id)`.as('channel_is_private'),
      sql<boolean>`tallylight.owns_stream(id)`.as('owns'),
      sql<boolean>`tallylight.moderates_stream(id)`.as('moderates'),
      sql<string | null>`tallylight.own_key_mask(id)`.as('key_mask'),
    ]);
}

/** What publishing and watching need to know of a row. */
export function factsOf(row: StreamRow): StreamFacts {
  const { reconnect_window_seconds: windowSeconds, visibility } = row;
  return {
    id: row.id,
    channelId: row.channel_id,
    broadcasterId: row.broadcaster_id,
    visibility:
      row.channel_is_private || visibility === 'private'
        ? 'private'
        : visibility === 'public'
          ? 'public'
          : 'unlisted',
    phase: phaseOf(row.status),
    reconnectWindowMs: windowSeconds === null ? undefined : windowSeconds * 1000,
    changedAtMs: row.updated_at.getTime(),
  };
}

function phaseOf(status: string): StreamFacts['phase'] {
  if (status === 'live' || status === 'ending') return 'live';
  if (status === 'ended' || status === 'failed') return 'over';
  return status === 'cancelled' ? 'gone' : 'waiting';
}
