import type { Follow, Follower, FollowState } from '@tallylight/protocol/entities/audience.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import { lockOwner } from '../../db/owner-lock.ts';
import type { ControlEvents } from '../control-events.ts';
import { DEFAULT_FOLLOW_LIMITS, type FollowLimits } from './follows-limits.ts';
import {
  countFollowed,
  deleteFollow,
  type Followed,
  followStateOf,
  insertFollow,
  isThere,
  listFollowers,
  listFollows,
  runsChannel,
} from './repository.ts';

/** What follows need. */
export interface FollowServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  /** Default {@link DEFAULT_FOLLOW_LIMITS}. */
  readonly limits?: Partial<FollowLimits>;
}

/** A page of a list. */
export interface Range {
  readonly limit: number;
  readonly offset: number;
}

/** Who follows whom. Numbers are for everybody; names for oneself, and for who runs the channel. */
export class FollowService {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #limits: FollowLimits;

  constructor(options: FollowServiceOptions) {
    this.#database = options.database;
    this.#events = options.events;
    this.#limits = { ...DEFAULT_FOLLOW_LIMITS, ...options.limits };
  }

  /** Follows; twice is once. Rejects with NOT_FOUND, INVALID_REQUEST for oneself, CONFLICT for one too many. */
  async follow(actor: Actor, followed: Followed): Promise<FollowState> {
    const userId = userOf(actor);
    if ('userId' in followed && followed.userId === userId)
      throw liveError('INVALID_REQUEST', 'You cannot follow yourself');
    return this.#changed(actor, userId, followed, async (tx) => {
      const kind = 'userId' in followed ? 'user' : 'channel';
      await lockOwner(tx, `${kind} follows`, userId);
      const { isFollowing } = await followStateOf(tx, followed, userId);
      if (!isFollowing && (await countFollowed(tx, kind, userId)) >= this.#limits.perUser)
        throw liveError('CONFLICT', `at most ${this.#limits.perUser} can be followed`);
      await insertFollow(tx, followed, userId);
    });
  }

  /** Follows no more; also what was never followed. */
  unfollow(actor: Actor, followed: Followed): Promise<FollowState> {
    const userId = userOf(actor);
    return this.#changed(actor, userId, followed, (tx) => deleteFollow(tx, followed, userId));
  }

  /** Whether the caller follows, and how many do. */
  state(actor: Actor, followed: Followed): Promise<FollowState> {
    return this.#database.asUser(actor, (tx) => stateOf(tx, followed, actor.userId));
  }

  /** A page of what the caller follows. */
  following(actor: Actor, range: Range): Promise<{ follows: Follow[]; total: number }> {
    const userId = userOf(actor);
    return this.#database.asUser(actor, (tx) => listFollows(tx, userId, range));
  }

  /** A page of who follows a channel. Rejects with NOT_FOUND, or FORBIDDEN for who does not run it. */
  async followers(
    actor: Actor,
    channelId: string,
    range: Range,
  ): Promise<{ followers: Follower[]; total: number }> {
    await this.#database.asUser(actor, async (tx) => {
      await stateOf(tx, { channelId }, actor.userId);
      if (!(await runsChannel(tx, channelId)))
        throw liveError('FORBIDDEN', 'Only owners and admins see who follows a channel');
    });
    // Follows are shown to their own people by their policy; that the caller runs the channel was asked above.
    return this.#database.asService((tx) => listFollowers(tx, channelId, range));
  }

  async #changed(
    actor: Actor,
    userId: string,
    followed: Followed,
    work: (tx: Tx) => Promise<void>,
  ): Promise<FollowState> {
    const state = await this.#database.asUser(actor, async (tx) => {
      await stateOf(tx, followed, userId);
      await work(tx);
      return stateOf(tx, followed, userId);
    });
    // A chat for followers opens or closes.
    this.#events.emit('access-changed', { userId });
    return state;
  }
}

function userOf(actor: Actor): string {
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
  return actor.userId;
}

async function stateOf(tx: Tx, followed: Followed, userId: string | undefined): Promise<FollowState> {
  if (!(await isThere(tx, followed)))
    throw 'userId' in followed
      ? liveError('NOT_FOUND', `User not found: ${followed.userId}`)
      : liveError('NOT_FOUND', `Channel not found: ${followed.channelId}`);
  return { success: true, ...(await followStateOf(tx, followed, userId)) };
}
