import { v7 } from 'uuid';
import type { Actor } from '../../../api/actor.ts';
import type { Database } from '../../../db/database.ts';
import type { Clock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { ControlEvents } from '../../control-events.ts';
import { ModerationService } from '../../moderation/moderation-service.ts';
import { ChatCuration } from '../chat-curation.ts';
import { type ChatLimits, DEFAULT_CHAT_LIMITS } from '../chat-limits.ts';
import { ChatService } from '../chat-service.ts';

/** A clock that tests turn. It begins at the real time. */
export class HandClock implements Clock {
  #ms = 0;
  readonly #startMs = Date.now();

  now(): number {
    return this.#startMs + this.#ms;
  }

  monotonicMs(): number {
    return 1_000_000 + this.#ms;
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.#ms += ms;
  }
}

/** A channel, its owner, and the chat as a server has it. */
export class ChatStage {
  readonly database: Database;
  readonly events = new ControlEvents();
  readonly clock: Clock;
  readonly limits: ChatLimits;
  readonly chat: ChatService;
  readonly curation: ChatCuration;
  readonly moderation: ModerationService;
  readonly channelId = v7();
  readonly owner = actorOf(v7());

  private constructor(database: Database, limits: Partial<ChatLimits>, clock: Clock) {
    this.database = database;
    this.clock = clock;
    this.limits = { ...DEFAULT_CHAT_LIMITS, ...limits };
    const parts = { database, events: this.events, limits: this.limits };
    this.chat = new ChatService({ ...parts, clock, log: silentLogger });
    this.curation = new ChatCuration(parts);
    this.moderation = new ModerationService({ ...parts, settled: () => this.chat.settled() });
  }

  /** Makes the channel and its owner. */
  static async create(
    database: Database,
    options: { readonly limits?: Partial<ChatLimits>; readonly clock?: Clock } = {},
  ): Promise<ChatStage> {
    const stage = new ChatStage(database, options.limits ?? {}, options.clock ?? new HandClock());
    await stage.#user(stage.owner, 'Owner');
    await database.asService(async (tx) => {
      await tx.insertInto('nchat_channels').values({ id: stage.channelId, name: 'channel' }).execute();
      await tx
        .insertInto('nchat_channel_members')
        .values({ channel_id: stage.channelId, user_id: stage.owner.userId, role: 'owner' })
        .execute();
    });
    return stage;
  }

  /** Somebody with an account; of a role in the channel when one is given. */
  async person(name: string, role?: string): Promise<Actor & { readonly userId: string }> {
    const person = actorOf(v7());
    await this.#user(person, name);
    if (role !== undefined) {
      await this.database.asService((tx) =>
        tx
          .insertInto('nchat_channel_members')
          .values({ channel_id: this.channelId, user_id: person.userId, role })
          .execute(),
      );
    }
    return person;
  }

  /** A live stream of the owner, with settings as the columns of `nchat_streams`. */
  async stream(columns: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = v7();
    const row = {
      id,
      channel_id: this.channelId,
      broadcaster_id: this.owner.userId,
      title: 'show',
      status: 'live',
      ...columns,
    };
    await this.database.asService((tx) => tx.insertInto('nchat_streams').values(row).execute());
    return id;
  }

  /** Changes columns as another part of the server would, and tells of it. */
  async change(streamId: string, columns: Readonly<Record<string, unknown>>): Promise<void> {
    await this.database.asService((tx) =>
      tx.updateTable('nchat_streams').set(columns).where('id', '=', streamId).execute(),
    );
    this.events.emit('stream-updated', { streamId, changes: {} });
  }

  /** Ends what it started; the database stays. */
  async close(): Promise<void> {
    await this.chat.close();
  }

  async #user(actor: Actor & { readonly userId: string }, name: string): Promise<void> {
    await this.database.asService((tx) =>
      tx
        .insertInto('users')
        .values({
          id: actor.userId,
          username: `u${actor.userId.slice(-12)}`,
          display_name: name,
          created_at: new Date(Date.now() - 30 * 86_400_000),
        })
        .execute(),
    );
  }
}

/** A signed-in actor. */
export function actorOf(
  userId: string,
  more: Partial<Omit<Actor, 'userId'>> = {},
): Actor & { readonly userId: string } {
  return { role: 'user', isGuest: false, by: 'session', ...more, userId };
}
