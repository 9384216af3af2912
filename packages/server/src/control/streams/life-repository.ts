import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { type StreamRow, selectStreams } from './stream-row.ts';

/** A stream that was live when the server last ran. */
export interface LeftLive {
  readonly row: StreamRow;
  /** When a publisher was last known to be connected. */
  readonly seenAt: Date | null;
}

/** As the service. Undefined when it is deleted. */
export async function findStream(tx: Tx, streamId: string): Promise<StreamRow | undefined> {
  return selectStreams(tx).where('id', '=', streamId).executeTakeFirst();
}

/** As the service. Locks a stream for a step of its life; undefined when it is deleted. */
export async function lockStream(tx: Tx, streamId: string): Promise<StreamRow | undefined> {
  return selectStreams(tx).where('id', '=', streamId).forUpdate().executeTakeFirst();
}

/** As the service. `live` from now on. */
export async function markLive(tx: Tx, streamId: string): Promise<void> {
  await tx
    .updateTable('nchat_streams')
    .set({
      status: 'live',
      started_at: sql<Date>`coalesce(started_at, clock_timestamp())`,
      publisher_seen_at: sql<Date>`clock_timestamp()`,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', streamId)
    .execute();
}

/** As the service. Goes live as soon as a publisher is there. */
export async function markArmed(tx: Tx, streamId: string): Promise<void> {
  await tx
    .updateTable('nchat_streams')
    .set({ auto_start: true, updated_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', streamId)
    .execute();
}

/** As the service. `ended` from now on; how long it was, and how many watched at most, stays with it. */
export async function markEnded(tx: Tx, streamId: string): Promise<void> {
  await tx
    .updateTable('nchat_streams')
    .set({
      status: 'ended',
      ended_at: sql<Date>`clock_timestamp()`,
      recording_duration_seconds: sql<number>`greatest(0, extract(epoch FROM clock_timestamp() - started_at))::integer`,
      peak_viewer_count: sql<number>`greatest(peak_viewer_count, current_viewers)`,
      current_viewers: 0,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', streamId)
    .execute();
}

/** As the service. Called off. */
export async function markCancelled(tx: Tx, streamId: string): Promise<void> {
  await tx
    .updateTable('nchat_streams')
    .set({ status: 'cancelled', updated_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', streamId)
    .execute();
}

/** As the service. Publishers of these streams are connected now. */
export async function markSeen(tx: Tx, streamIds: readonly string[]): Promise<void> {
  await tx
    .updateTable('nchat_streams')
    .set({ publisher_seen_at: sql<Date>`clock_timestamp()` })
    .where('id', 'in', [...streamIds])
    .where('status', '=', 'live')
    .execute();
}

/** As the service. Streams that the database says are live. */
export async function readLeftLive(tx: Tx): Promise<readonly LeftLive[]> {
  const rows = await selectStreams(tx)
    .select('publisher_seen_at')
    .where('status', 'in', ['live', 'ending'])
    .execute();
  return rows.map(({ publisher_seen_at: seenAt, ...row }) => ({ row, seenAt }));
}
