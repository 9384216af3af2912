import { StreamNotFoundError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import { SEEN_STREAM, type StreamRow, selectStreams } from './stream-row.ts';

/** Looks streams up as somebody sees them. */
export class StreamAccess {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In a transaction of its own. Rejects with `StreamNotFoundError` for a stream that is not, or that the actor may not know of. */
  async load(actor: Actor, streamId: string): Promise<StreamRow> {
    const [row] = await this.#database.readAs(actor, SEEN_STREAM, [streamId]);
    if (row === undefined) throw new StreamNotFoundError(streamId);
    return row;
  }
}

/** As {@link StreamAccess.load}, in a transaction on behalf of somebody. */
export async function seeStream(tx: Tx, streamId: string): Promise<StreamRow> {
  const row = await selectStreams(tx).where('id', '=', streamId).executeTakeFirst();
  if (row === undefined) throw new StreamNotFoundError(streamId);
  return row;
}

/** As {@link seeStream}, and nobody else changes the row until the transaction ends. For who may change it: others find no row. */
export async function lockSeen(tx: Tx, streamId: string): Promise<StreamRow> {
  const row = await selectStreams(tx).where('id', '=', streamId).forUpdate().executeTakeFirst();
  if (row === undefined) throw new StreamNotFoundError(streamId);
  return row;
}

/** The broadcaster, who runs the channel, and administrators: they change, start and end a stream. */
export function isOwner(row: Pick<StreamRow, 'owns'>): boolean {
  return row.owns;
}

/** Owners, the channel's moderators and the stream's own. */
export function isModerator(row: Pick<StreamRow, 'moderates'>): boolean {
  return row.moderates;
}
