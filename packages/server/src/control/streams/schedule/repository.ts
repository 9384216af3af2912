import { sql } from 'kysely';
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

/** As the service. How often a member has renewed their address of a channel's feed. */
export async function readRenewals(tx: Tx, channelId: string, userId: string): Promise<number> {
  const row = await tx
    .selectFrom('nchat_live_calendar_renewals')
    .select('renewals')
    .where('user_id', '=', userId)
    .where('channel_id', '=', channelId)
    .executeTakeFirst();
  return row?.renewals ?? 0;
}

/** As the service. Renews a member's address once more; answers with how often that was done. */
export async function addRenewal(tx: Tx, channelId: string, userId: string): Promise<number> {
  const { renewals } = await tx
    .insertInto('nchat_live_calendar_renewals')
    .values({ user_id: userId, channel_id: channelId, renewals: 1 })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'channel_id']).doUpdateSet({
        renewals: sql<number>`nchat_live_calendar_renewals.renewals + 1`,
        renewed_at: sql<Date>`now()`,
      }),
    )
    .returning('renewals')
    .executeTakeFirstOrThrow();
  return renewals;
}
