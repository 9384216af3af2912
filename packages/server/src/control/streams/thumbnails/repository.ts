import { sql } from 'kysely';
import type { Tx } from '../../../db/database.ts';

/** A picture as it is served. */
export interface StoredThumbnail {
  readonly mime: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Undefined when there is none, or the transaction's user may not see the stream. */
export function readThumbnail(tx: Tx, streamId: string): Promise<StoredThumbnail | undefined> {
  return tx
    .selectFrom('nchat_stream_thumbnails')
    .select(['mime', 'bytes', 'etag'])
    .where('stream_id', '=', streamId)
    .executeTakeFirst();
}

/** On behalf of an owner. */
export async function writeThumbnail(tx: Tx, streamId: string, picture: StoredThumbnail): Promise<void> {
  await tx
    .insertInto('nchat_stream_thumbnails')
    .values({ stream_id: streamId, ...picture })
    .onConflict((conflict) =>
      conflict.column('stream_id').doUpdateSet({ ...picture, updated_at: sql<Date>`now()` }),
    )
    .execute();
}

/** On behalf of an owner. */
export async function deleteThumbnail(tx: Tx, streamId: string): Promise<void> {
  await tx.deleteFrom('nchat_stream_thumbnails').where('stream_id', '=', streamId).execute();
}
