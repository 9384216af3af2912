import type { Subscription } from '@tallylight/protocol/entities/audience.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import { publicUserOf } from '../reactions/repository.ts';

function selectSubscriptions(tx: Tx, channelId: string) {
  return tx
    .selectFrom('nchat_channel_subscriptions as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .selectAll('s')
    .select(['u.username', 'u.display_name', 'u.avatar_url'])
    .select(sql<boolean>`s.expires_at IS NULL OR s.expires_at > now()`.as('active'))
    .where('s.channel_id', '=', channelId);
}

type SubscriptionRow = Awaited<ReturnType<ReturnType<typeof selectSubscriptions>['executeTakeFirstOrThrow']>>;

function subscriptionOf(row: SubscriptionRow): Subscription {
  return {
    channelId: row.channel_id,
    userId: row.user_id,
    tier: row.tier,
    startedAt: row.started_at.toISOString(),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
    isActive: row.active,
    user: publicUserOf(row.user_id, row),
  };
}

/** States a subscription; the one there is keeps its beginning. */
export async function putSubscription(
  tx: Tx,
  row: {
    readonly channelId: string;
    readonly userId: string;
    readonly tier: string;
    readonly expiresAt: string | null;
  },
): Promise<void> {
  const stated = { tier: row.tier, expires_at: row.expiresAt };
  await tx
    .insertInto('nchat_channel_subscriptions')
    .values({ channel_id: row.channelId, user_id: row.userId, ...stated })
    .onConflict((conflict) => conflict.columns(['channel_id', 'user_id']).doUpdateSet(stated))
    .execute();
}

/** One subscription, as far as the caller sees it. */
export async function findSubscription(
  tx: Tx,
  channelId: string,
  userId: string,
): Promise<Subscription | undefined> {
  const row = await selectSubscriptions(tx, channelId).where('s.user_id', '=', userId).executeTakeFirst();
  return row === undefined ? undefined : subscriptionOf(row);
}

/** Removes a subscription; false when there was none. */
export async function deleteSubscription(tx: Tx, channelId: string, userId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('nchat_channel_subscriptions')
    .where('channel_id', '=', channelId)
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** A page of a channel's subscriptions that the caller sees, the latest first. */
export async function listSubscriptions(
  tx: Tx,
  channelId: string,
  range: { readonly limit: number; readonly offset: number },
): Promise<{ subscriptions: Subscription[]; total: number }> {
  const rows = await selectSubscriptions(tx, channelId)
    .orderBy('s.started_at', 'desc')
    .orderBy('s.user_id')
    .limit(range.limit)
    .offset(range.offset)
    .execute();
  const { n } = await tx
    .selectFrom('nchat_channel_subscriptions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('channel_id', '=', channelId)
    .executeTakeFirstOrThrow();
  return { subscriptions: rows.map(subscriptionOf), total: n };
}
