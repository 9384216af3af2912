import type { ChannelMember, ChannelRole } from '@tallylight/protocol/entities/channel.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { Actor } from '../../api/actor.ts';
import type { Database, Tx } from '../../db/database.ts';
import type { ControlEvents } from '../control-events.ts';
import { type Giver, mayChangeRole } from './channel-roles.ts';
import { refuseHosted } from './refuse-hosted.ts';
import {
  countMembers,
  deleteMember,
  findChannel,
  findMember,
  findUser,
  listMembers,
  lockChannel,
  putMember,
  roleOf,
} from './repository.ts';

/** What membership needs. */
export interface ChannelMembersOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  /** Members of one channel at most. */
  readonly maxMembers: number;
}

/** Who is to be taken in. */
export type Invited = { readonly userId: string } | { readonly username: string };

/** Members of channels; a host app's are read only. Whoever's role changes is told of by `access-changed`, so that what they have open is asked again. */
export class ChannelMembers {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #maxMembers: number;

  constructor(options: ChannelMembersOptions) {
    this.#database = options.database;
    this.#events = options.events;
    this.#maxMembers = options.maxMembers;
  }

  /** A page of a channel's members. Rejects with NOT_FOUND, or FORBIDDEN for who is none. */
  async list(
    actor: Actor,
    channelId: string,
    range: { readonly limit: number; readonly offset: number },
  ): Promise<{ members: ChannelMember[]; total: number }> {
    return this.#database.asUser(actor, async (tx) => {
      const channel = await this.#visible(tx, actor, channelId);
      if (channel.role === undefined && actor.role !== 'admin')
        throw liveError('FORBIDDEN', 'Only members see who is in a channel');
      return { members: await listMembers(tx, channelId, range), total: await countMembers(tx, channelId) };
    });
  }

  /**
   * Takes somebody in with a role, or gives a member another one. Rejects with NOT_FOUND for a channel or person that there is not,
   * FORBIDDEN when the caller may not give that role, CONFLICT when the channel is full or its last owner would be none.
   */
  async put(actor: Actor, channelId: string, whom: Invited, role: ChannelRole): Promise<ChannelMember> {
    await this.#database.asUser(actor, (tx) => this.#changeable(tx, actor, channelId));
    // Under the service's role: members are its alone to write, after the roles were compared below.
    const member = await this.#database.asService(async (tx) => {
      const giver = await this.#giver(tx, actor, channelId);
      const person = await findUser(tx, whom);
      if (person === undefined) throw liveError('NOT_FOUND', `User not found: ${Object.values(whom).join()}`);
      const before = await roleOf(tx, channelId, person.id);
      const mayStepDown = person.id === actor.userId && before === 'admin' && role !== 'owner';
      if (!mayChangeRole(giver, before, role) && !mayStepDown)
        throw liveError('FORBIDDEN', `You may not make ${before ?? 'somebody'} ${role} in this channel`);
      if (person.isGuest && role !== 'viewer')
        throw liveError('CONFLICT', `a guest can be viewer, not ${role}`);
      if (before === 'owner' && role !== 'owner') await assertNotLastOwner(tx, channelId);
      if (before === undefined && (await countMembers(tx, channelId)) >= this.#maxMembers)
        throw liveError('CONFLICT', `a channel has at most ${this.#maxMembers} members`);
      await putMember(tx, channelId, person.id, role);
      return findMember(tx, channelId, person.id);
    });
    if (member === undefined) throw liveError('NOT_FOUND', `Channel not found: ${channelId}`);
    this.#events.emit('access-changed', { userId: member.userId });
    return member;
  }

  /** Puts somebody out, or leaves with the caller's own id. Rejects with NOT_FOUND, FORBIDDEN, or CONFLICT for the last owner. */
  async remove(actor: Actor, channelId: string, userId: string): Promise<void> {
    await this.#database.asUser(actor, (tx) => this.#changeable(tx, actor, channelId));
    // Under the service's role, as above.
    await this.#database.asService(async (tx) => {
      const giver = await this.#giver(tx, actor, channelId);
      const before = await roleOf(tx, channelId, userId);
      if (before === undefined) {
        if (giver === undefined) throw liveError('FORBIDDEN', 'Only members see who is in a channel');
        throw liveError('NOT_FOUND', `Member not found: ${userId}`);
      }
      if (userId !== actor.userId && !mayChangeRole(giver, before, undefined))
        throw liveError('FORBIDDEN', `You may not put ${before} out of this channel`);
      if (before === 'owner') await assertNotLastOwner(tx, channelId);
      await deleteMember(tx, channelId, userId);
    });
    this.#events.emit('access-changed', { userId });
  }

  async #visible(tx: Tx, actor: Actor, channelId: string) {
    const channel = await findChannel(tx, { id: channelId }, actor.userId);
    if (channel === undefined) throw liveError('NOT_FOUND', `Channel not found: ${channelId}`);
    return channel;
  }

  async #changeable(tx: Tx, actor: Actor, channelId: string): Promise<void> {
    await this.#visible(tx, actor, channelId);
    await refuseHosted(tx);
  }

  /** Holds the channel and finds what the caller is in it at this moment. */
  async #giver(tx: Tx, actor: Actor, channelId: string): Promise<Giver> {
    if (!(await lockChannel(tx, channelId))) throw liveError('NOT_FOUND', `Channel not found: ${channelId}`);
    if (actor.role === 'admin') return 'server-admin';
    return actor.userId === undefined ? undefined : roleOf(tx, channelId, actor.userId);
  }
}

/** Nobody could name an owner any more. */
async function assertNotLastOwner(tx: Tx, channelId: string): Promise<void> {
  if ((await countMembers(tx, channelId, 'owner')) <= 1)
    throw liveError('CONFLICT', 'The last owner cannot leave: name another one first, or close the channel');
}
