import { v7 } from 'uuid';
import { type Actor, NOBODY } from '../../../api/actor.ts';
import type { Tx } from '../../../db/database.ts';
import { TestDatabase } from '../../../db/testing/test-database.ts';
import type { Clock } from '../../../platform/clock.ts';
import { ControlEvents } from '../../control-events.ts';

/** A clock that stands still until it is turned. */
export class TurnedClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 22, 10);

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

/** A migrated database with people, channels and streams made at will, and everything that was told. */
export class AudienceFixture {
  readonly test: TestDatabase;
  readonly events = new ControlEvents();
  readonly clock = new TurnedClock();

  private constructor(test: TestDatabase) {
    this.test = test;
  }

  static async create(): Promise<AudienceFixture> {
    return new AudienceFixture(await TestDatabase.create());
  }

  get database(): TestDatabase['database'] {
    return this.test.database;
  }

  drop(): Promise<void> {
    return this.test.drop();
  }

  /** The server's own word. */
  asService<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.database.asService(work);
  }

  /** Somebody with an account. */
  async person(name: string, role: Actor['role'] = 'user'): Promise<Actor & { userId: string }> {
    const userId = v7();
    await this.asService((tx) =>
      tx
        .insertInto('users')
        .values({ id: userId, username: name, display_name: `The ${name}` })
        .execute(),
    );
    return { ...NOBODY, userId, role, by: 'session' };
  }

  /** A channel; `owner` is its owner. */
  async channel(owner: { readonly userId: string }, options: { isPrivate?: boolean } = {}): Promise<string> {
    const id = v7();
    await this.asService(async (tx) => {
      await tx
        .insertInto('nchat_channels')
        .values({ id, name: 'A channel', slug: `c-${id.slice(-12)}`, is_private: options.isPrivate ?? false })
        .execute();
      await tx
        .insertInto('nchat_channel_members')
        .values({ channel_id: id, user_id: owner.userId, role: 'owner' })
        .execute();
    });
    return id;
  }

  /** Makes somebody a member. */
  async join(channelId: string, person: { readonly userId: string }, role: string): Promise<void> {
    await this.asService((tx) =>
      tx
        .insertInto('nchat_channel_members')
        .values({ channel_id: channelId, user_id: person.userId, role })
        .execute(),
    );
  }

  /** A live stream with reactions and Q&A, unless said otherwise. */
  async stream(
    channelId: string,
    broadcaster: { readonly userId: string },
    columns: Record<string, unknown> = {},
  ): Promise<string> {
    const id = v7();
    await this.asService((tx) =>
      tx
        .insertInto('nchat_streams')
        .values({
          id,
          channel_id: channelId,
          broadcaster_id: broadcaster.userId,
          title: 'A stream',
          status: 'live',
          enable_qa: true,
          ...columns,
        })
        .execute(),
    );
    return id;
  }

  /** Bars somebody from a stream, for ever. */
  async ban(
    channelId: string,
    streamId: string | null,
    person: { readonly userId: string },
    kind: 'ban' | 'timeout' = 'ban',
  ): Promise<void> {
    await this.asService((tx) =>
      tx
        .insertInto('nchat_stream_bans')
        .values({
          id: v7(),
          channel_id: channelId,
          stream_id: streamId,
          user_id: person.userId,
          kind,
          moderator_id: null,
          reason: null,
          is_permanent: true,
          lifted_by: null,
        })
        .execute(),
    );
  }
}
