import type { StreamStatus } from '@tallylight/protocol/entities/stream.ts';
import { StreamNotFoundError } from '@tallylight/protocol/errors.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** A stream as far as watching it goes, and what the caller is to it. */
export interface WatchedStream {
  readonly id: string;
  readonly title: string;
  readonly broadcasterId: string;
  readonly status: StreamStatus;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly totalViewCount: number;
  readonly peakViewerCount: number;
  readonly bitrateKbps: number;
  readonly fps: number;
  readonly maxResolution: string;
  /** Broadcaster, who runs the channel, administrator. */
  readonly owns: boolean;
  /** Banned from the stream or its channel, for good or for a while; a time-out is of the chat alone. */
  readonly isBanned: boolean;
}

/** Reads it in a transaction on the caller's behalf. Rejects with `StreamNotFoundError` for one that the caller may not know of. */
export async function watchedStream(
  tx: Tx,
  streamId: string,
  userId: string | undefined,
): Promise<WatchedStream> {
  const row = await tx
    .selectFrom('nchat_streams as s')
    .select(['s.title', 's.broadcaster_id', 's.status', 's.started_at', 's.ended_at', 's.total_view_count'])
    .select(['s.peak_viewer_count', 's.bitrate_kbps', 's.fps', 's.max_resolution'])
    .select([
      sql<boolean>`tallylight.owns_stream(s.id)`.as('owns'),
      sql<boolean>`EXISTS (
        SELECT 1 FROM nchat_stream_bans b
        WHERE b.user_id = ${userId ?? null}::uuid AND b.kind = 'ban' AND b.channel_id = s.channel_id
          AND (b.stream_id IS NULL OR b.stream_id = s.id)
          AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now()))`.as('is_banned'),
    ])
    .where('s.id', '=', streamId)
    .executeTakeFirst();
  if (row === undefined) throw new StreamNotFoundError(streamId);
  return {
    id: streamId,
    title: row.title,
    broadcasterId: row.broadcaster_id,
    status: row.status as StreamStatus,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    totalViewCount: row.total_view_count,
    peakViewerCount: row.peak_viewer_count,
    bitrateKbps: row.bitrate_kbps,
    fps: row.fps,
    maxResolution: row.max_resolution,
    owns: row.owns,
    isBanned: row.is_banned,
  };
}
