import type { StreamStatus, updateStreamInput } from '@tallylight/protocol/entities/stream.ts';
import type { createStreamBody } from '@tallylight/protocol/routes/streams.ts';
import { type Insertable, sql, type Updateable } from 'kysely';
import type { z } from 'zod';
import type { Tx } from '../../db/database.ts';
import type { StreamsTable } from '../../db/tables.ts';
import { type StreamRow, selectStreams } from './stream-row.ts';

/** A stream to be made, validated. */
export type NewStream = z.output<typeof createStreamBody>;
/** Settings to be changed, validated. */
export type StreamSettings = z.output<typeof updateStreamInput>;

/** Which streams a list has. */
export interface StreamFilter {
  readonly channelId?: string | undefined;
  readonly userId?: string | undefined;
  readonly status?: StreamStatus | undefined;
  readonly tag?: string | undefined;
  readonly language?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** What a list is of, and so its order: newest first, next first, or last ended first. */
export type StreamListing = 'all' | 'live' | 'scheduled' | 'past';

/** The caller's standing in a channel. */
export async function readChannelStanding(
  tx: Tx,
  channelId: string,
): Promise<{ readonly isMember: boolean; readonly mayBroadcast: boolean }> {
  const { rows } = await sql<{ role: string | null; may: boolean }>`
    SELECT tallylight.channel_role(${channelId}::uuid) AS role, tallylight.may_broadcast_in(${channelId}::uuid)
      AND EXISTS (SELECT 1 FROM tallylight.channels WHERE id = ${channelId}::uuid) AS may
  `.execute(tx);
  return { isMember: rows[0]?.role != null, mayBroadcast: rows[0]?.may ?? false };
}

/** How many streams of a broadcaster are still to come or under way. */
export async function countUnfinished(tx: Tx, broadcasterId: string): Promise<number> {
  const { count } = await tx
    .selectFrom('nchat_streams')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('broadcaster_id', '=', broadcasterId)
    .where('status', 'in', ['scheduled', 'preparing', 'live', 'ending'])
    .executeTakeFirstOrThrow();
  return count;
}

/** On behalf of its broadcaster. */
export async function insertStream(
  tx: Tx,
  stream: NewStream & { readonly id: string; readonly broadcasterId: string },
): Promise<void> {
  const row: Insertable<StreamsTable> = {
    ...columnsOf(stream),
    id: stream.id,
    channel_id: stream.channelId,
    broadcaster_id: stream.broadcasterId,
    title: stream.title,
    status: stream.scheduledAt === undefined ? 'preparing' : 'scheduled',
  };
  await tx.insertInto('nchat_streams').values(row).execute();
}

/** On behalf of an owner; false when row-level security says that it is not his. */
export async function changeStream(
  tx: Tx,
  streamId: string,
  changes: StreamSettings & { readonly status?: StreamStatus },
): Promise<boolean> {
  const columns: Updateable<StreamsTable> = {
    ...columnsOf(changes),
    ...(changes.status === undefined ? {} : { status: changes.status }),
  };
  const { numUpdatedRows } = await tx
    .updateTable('nchat_streams')
    // Not now(): of two changes the one that is later in effect must be the later one by this clock too.
    .set({ ...columns, updated_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', streamId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** On behalf of an owner; false when row-level security says that it is not his. */
export async function deleteStream(tx: Tx, streamId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_streams')
    .where('id', '=', streamId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** One row more than `limit`, when there is one. Unlisted streams are listed to their owners only. */
export function listStreams(tx: Tx, listing: StreamListing, filter: StreamFilter): Promise<StreamRow[]> {
  let streams = selectStreams(tx).where((eb) =>
    eb.or([eb('visibility', '<>', 'unlisted'), sql<boolean>`tallylight.owns_stream(id)`]),
  );
  if (filter.channelId !== undefined) streams = streams.where('channel_id', '=', filter.channelId);
  if (filter.userId !== undefined) streams = streams.where('broadcaster_id', '=', filter.userId);
  if (filter.status !== undefined) streams = streams.where('status', '=', filter.status);
  if (filter.tag !== undefined) streams = streams.where(sql<boolean>`${filter.tag} = ANY (tags)`);
  if (filter.language !== undefined) streams = streams.where('language', '=', filter.language);
  if (listing === 'live') streams = streams.where('status', '=', 'live').orderBy('started_at', 'desc');
  else if (listing === 'scheduled')
    streams = streams.where('status', '=', 'scheduled').orderBy('scheduled_at', 'asc');
  else if (listing === 'past') streams = streams.where('status', '=', 'ended').orderBy('ended_at', 'desc');
  else streams = streams.orderBy('created_at', 'desc');
  return streams
    .orderBy('id')
    .limit(filter.limit + 1)
    .offset(filter.offset)
    .execute();
}

type SettingColumns = Partial<
  Pick<
    Insertable<StreamsTable>,
    | 'description'
    | 'thumbnail_url'
    | 'scheduled_at'
    | 'max_resolution'
    | 'bitrate_kbps'
    | 'fps'
    | 'is_recorded'
    | 'enable_chat'
    | 'enable_reactions'
    | 'enable_qa'
    | 'chat_mode'
    | 'slow_mode_seconds'
    | 'waiting_room'
    | 'visibility'
    | 'auto_start'
    | 'reconnect_window_seconds'
    | 'tags'
    | 'language'
  > & { readonly title: string }
>;

/** Settings by the names of their columns; what is undefined is left out. */
function columnsOf(settings: StreamSettings): SettingColumns {
  const columns = {
    title: settings.title,
    description: settings.description,
    thumbnail_url: settings.thumbnailUrl,
    scheduled_at: settings.scheduledAt,
    max_resolution: settings.maxResolution,
    bitrate_kbps: settings.bitrateKbps,
    fps: settings.fps,
    is_recorded: settings.isRecorded,
    enable_chat: settings.enableChat,
    enable_reactions: settings.enableReactions,
    enable_qa: settings.enableQa,
    chat_mode: settings.chatMode,
    slow_mode_seconds: settings.slowModeSeconds,
    waiting_room: settings.waitingRoom,
    visibility: settings.visibility,
    auto_start: settings.autoStart,
    reconnect_window_seconds: settings.reconnectWindowSeconds,
    tags: settings.tags,
    language: settings.language,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}
