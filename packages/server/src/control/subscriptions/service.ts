import type { Subscription } from '@tallylight/protocol/entities/audience.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import type { ControlEvents } from '../control-events.ts';
import { isThere, runsChannel } from '../follows/repository.ts';
import { deleteSubscription, findSubscription, listSubscriptions, putSubscription } from './repository.ts';

/** What subscriptions need. */
export interface SubscriptionServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
}

/** What is stated of a subscriber. */
export interface StatedSubscription {
  readonly tier: string;
  /** ISO 8601; absent: until it is taken back. */
  readonly expiresAt?: string | undefined;
}

/** Who subscribes to what: facts that who runs the channel states, or a host app in their name. Nothing is paid here. */
export class SubscriptionService {
  readonly #database: Database;
  readonly #events: ControlEvents;

  constructor(options: SubscriptionServiceOptions) {
    this.#database = options.database;
    this.#events = options.events;
  }

  /** States that somebody subscribes. Rejects with NOT_FOUND, or FORBIDDEN for who does not run the channel. */
  async put(
    actor: Actor,
    channelId: string,
    userId: string,
    stated: StatedSubscription,
  ): Promise<Subscription> {
    const subscription = await this.#database.asUser(actor, async (tx) => {
      await assertRuns(tx, channelId);
      if (!(await isThere(tx, { userId }))) throw liveError('NOT_FOUND', `User not found: ${userId}`);
      await putSubscription(tx, {
        channelId,
        userId,
        tier: stated.tier,
        expiresAt: stated.expiresAt ?? null,
      });
      return findSubscription(tx, channelId, userId);
    });
    if (subscription === undefined) throw liveError('NOT_FOUND', `Subscription not found: ${userId}`);
    // A chat for subscribers opens.
    this.#events.emit('access-changed', { userId });
    return subscription;
  }

  /** States that somebody subscribes no more. Rejects as {@link put} does. */
  async remove(actor: Actor, channelId: string, userId: string): Promise<void> {
    await this.#database.asUser(actor, async (tx) => {
      await assertRuns(tx, channelId);
      if (!(await deleteSubscription(tx, channelId, userId)))
        throw liveError('NOT_FOUND', `Subscription not found: ${userId}`);
    });
    this.#events.emit('access-changed', { userId });
  }

  /** A page of a channel's subscriptions: all of them to who runs it, to others their own. */
  async list(
    actor: Actor,
    channelId: string,
    range: { readonly limit: number; readonly offset: number },
  ): Promise<{ subscriptions: Subscription[]; total: number }> {
    return this.#database.asUser(actor, async (tx) => {
      await assertThere(tx, channelId);
      return listSubscriptions(tx, channelId, range);
    });
  }
}

async function assertThere(tx: Tx, channelId: string): Promise<void> {
  if (!(await isThere(tx, { channelId }))) throw liveError('NOT_FOUND', `Channel not found: ${channelId}`);
}

async function assertRuns(tx: Tx, channelId: string): Promise<void> {
  await assertThere(tx, channelId);
  if (!(await runsChannel(tx, channelId)))
    throw liveError('FORBIDDEN', 'Only owners and admins state who subscribes');
}
