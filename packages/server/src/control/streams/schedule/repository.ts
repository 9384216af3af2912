import type { Tx } from '../../../db/database.ts';
import { type StreamRow, selectStreams } from '../stream-row.ts';

/** Streams to come and under way of a channel that this transaction's user may see in a list, the next one first. */
export function readChannelSchedule(
  tx: Tx,
  channelId: string,
  options: { readonly withPrivate: boolean; readonly limit: number },
): Promise<StreamRow[]> {
  return selectStreams(tx)
    .where('channel_id', '=', channelId)
    .where('scheduled_at', 'is not', null)
    .where('status', 'in', ['scheduled', 'preparing', 'live'])
    .where('visibility', 'in', options.withPrivate ? ['public', 'private'] : ['public'])
    .orderBy('scheduled_at', 'asc')
    .limit(options.limit)
    .execute();
}

/** A channel's name; undefined for one that this transaction's user may not see. */
export async function readChannelName(tx: Tx, channelId: string): Promise<string | undefined> {
  const channel = await tx
    .selectFrom('tallylight.channels')
    .select('name')
    .where('id', '=', channelId)
    .executeTakeFirst();
  return channel?.name;
}
