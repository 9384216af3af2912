import { randomBytes } from 'node:crypto';
import { uuid } from '@tallylight/protocol/entities/basics.ts';
import type {
  Channel,
  CreateChannelInput,
  UpdateChannelInput,
} from '@tallylight/protocol/entities/channel.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import { lockOwner } from '../../db/owner-lock.ts';
import type { ControlEvents } from '../control-events.ts';
import { ChannelMembers } from './channel-members.ts';
import { slugOf } from './channel-slug.ts';
import { type ChannelLimits, DEFAULT_CHANNEL_LIMITS } from './channels-limits.ts';
import { refuseHosted } from './refuse-hosted.ts';
import {
  type ChannelQuery,
  countFounded,
  deleteChannel,
  findChannel,
  firstOwned,
  insertChannel,
  isFoundedBy,
  listChannels,
  putMember,
  streamsOf,
  updateChannel,
} from './repository.ts';

/** What channels need. */
export interface ChannelServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  /** Default {@link DEFAULT_CHANNEL_LIMITS}. */
  readonly limits?: Partial<ChannelLimits>;
}

/** How often a slug made of a name is tried with another ending. */
const SLUG_TRIES = 5;

/** Channels: what streams belong to, and who may do what in them. Where a host app keeps them, every change rejects with FORBIDDEN. */
export class ChannelService {
  /** Who is in them. */
  readonly members: ChannelMembers;
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #limits: ChannelLimits;

  constructor(options: ChannelServiceOptions) {
    this.#database = options.database;
    this.#events = options.events;
    this.#limits = { ...DEFAULT_CHANNEL_LIMITS, ...options.limits };
    this.members = new ChannelMembers({
      database: options.database,
      events: options.events,
      maxMembers: this.#limits.members,
    });
  }

  /**
   * Founds a channel with the caller as its owner. Rejects with CONFLICT when the slug is taken or the caller has founded too many.
   * @param createdId its id, where the same request may have been run before: then there is one channel. Default another one.
   */
  async create(actor: Actor, input: CreateChannelInput, createdId?: string): Promise<Channel> {
    const id = createdId ?? v7();
    await this.#found(actor, input, { id, mayBeMade: createdId !== undefined });
    return this.get(actor, id);
  }

  /** Founds a channel under an id; where only a first one is wanted, nothing when the caller owns one by now. */
  async #found(
    actor: Actor,
    input: CreateChannelInput,
    how: { readonly id: string; readonly mayBeMade?: boolean; readonly onlyFirst?: boolean },
  ): Promise<void> {
    const userId = founder(actor);
    const { id, mayBeMade = false, onlyFirst = false } = how;
    const isMade = async (tx: Tx): Promise<boolean> => mayBeMade && isFoundedBy(tx, id, userId);
    // Under the service's role, as members are its to write: channel and owner in one transaction. Who founds is the actor.
    const found = async (tx: Tx): Promise<void> => {
      await refuseHosted(tx);
      await lockOwner(tx, 'channels', userId);
      if (await isMade(tx)) return;
      if (onlyFirst && (await firstOwned(tx, userId)) !== undefined) return;
      if ((await countFounded(tx, userId)) >= this.#limits.perUser)
        throw liveError('CONFLICT', `at most ${this.#limits.perUser} channels can be founded by one user`);
      for (let tries = 0; ; tries++) {
        const slug = input.slug ?? endedSlug(slugOf(input.name), tries);
        const row = {
          id,
          slug,
          name: input.name,
          description: input.description ?? null,
          avatarUrl: input.avatarUrl ?? null,
          isPrivate: input.isPrivate ?? false,
          createdBy: userId,
        };
        if (await insertChannel(tx, row)) break;
        if (await isMade(tx)) return;
        if (input.slug !== undefined || tries >= SLUG_TRIES)
          throw liveError('CONFLICT', `the slug ${slug} is taken`);
      }
      await putMember(tx, id, userId, 'owner');
    };
    try {
      await this.#database.asService(found);
    } catch (error) {
      // The run before committed only now.
      if (!isUniqueViolation(error) || !(await this.#database.asService(isMade))) throw error;
    }
    this.#events.emit('access-changed', { userId });
  }

  /** The caller's own channel: the one that they have owned for longest, founded when there is none. */
  async ensureOwnChannel(actor: Actor): Promise<Channel> {
    const userId = founder(actor);
    const owned = () => this.#database.asUser(actor, (tx) => firstOwned(tx, userId));
    const known = await owned();
    if (known !== undefined) return this.get(actor, known);
    const input = { name: (actor.displayName ?? '').trim().slice(0, 100) || 'My channel' };
    const id = v7();
    await this.#found(actor, input, { id, onlyFirst: true });
    return this.get(actor, (await owned()) ?? id);
  }

  /** A channel by id or slug. Rejects with NOT_FOUND when there is none that the caller may know of. */
  async get(actor: Actor, reference: string): Promise<Channel> {
    const by = uuid.safeParse(reference).success ? { id: reference } : { slug: reference };
    const channel = await this.#database.asUser(actor, (tx) => findChannel(tx, by, actor.userId));
    if (channel === undefined) throw liveError('NOT_FOUND', `Channel not found: ${reference}`);
    return channel;
  }

  /** A page of the public channels, or of the caller's own. */
  list(actor: Actor, query: ChannelQuery): Promise<{ channels: Channel[]; total: number }> {
    return this.#database.asUser(actor, (tx) => listChannels(tx, query, actor.userId));
  }

  /** Changes a channel. Rejects with NOT_FOUND, FORBIDDEN for who does not run it, CONFLICT when the slug is taken. */
  async update(actor: Actor, id: string, changes: UpdateChannelInput): Promise<Channel> {
    const before = await this.get(actor, id);
    try {
      const isDone = await this.#database.asUser(actor, async (tx) => {
        await refuseHosted(tx);
        return updateChannel(tx, id, changes);
      });
      if (!isDone) throw liveError('FORBIDDEN', 'Only owners and admins change a channel');
    } catch (error) {
      if (isUniqueViolation(error)) throw liveError('CONFLICT', `the slug ${changes.slug} is taken`);
      throw error;
    }
    if (changes.isPrivate !== undefined && changes.isPrivate !== before.isPrivate)
      await this.#tellStreams(id);
    return this.get(actor, id);
  }

  /** Closes a channel with all its streams. Rejects with NOT_FOUND, FORBIDDEN for who is no owner, CONFLICT while it is live. */
  async remove(actor: Actor, id: string): Promise<void> {
    await this.get(actor, id);
    const streams = await this.#database.asService((tx) => streamsOf(tx, id));
    const live = streams.find(({ status }) => status === 'live' || status === 'ending');
    await this.#database.asUser(actor, async (tx) => {
      await refuseHosted(tx);
      if (!(await deleteChannel(tx, id))) throw liveError('FORBIDDEN', 'Only owners close a channel');
      if (live !== undefined) throw liveError('CONFLICT', `stream ${live.id} of the channel is live`);
    });
    for (const { id: streamId } of streams) this.#events.emit('stream-deleted', { streamId });
  }

  /** Who may see a channel's streams has changed: whoever keeps such answers asks again. */
  async #tellStreams(channelId: string): Promise<void> {
    const streams = await this.#database.asService((tx) => streamsOf(tx, channelId));
    for (const { id: streamId, status } of streams)
      if (!['ended', 'cancelled', 'failed'].includes(status))
        this.#events.emit('stream-updated', { streamId, changes: { channelId } });
  }
}

function founder(actor: Actor): string {
  if (actor.userId === undefined) throw liveError('UNAUTHENTICATED', 'Unauthorized');
  if (actor.isGuest) throw liveError('FORBIDDEN', 'Guests own no channels');
  return actor.userId;
}

function endedSlug(slug: string, tries: number): string {
  return tries === 0 ? slug : `${slug}-${randomBytes(3).toString('hex')}`;
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}
