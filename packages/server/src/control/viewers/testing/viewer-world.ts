import { v7 } from 'uuid';
import { type Actor, NOBODY } from '../../../api/actor.ts';
import { TestDatabase } from '../../../db/testing/test-database.ts';
import type { Clock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { ControlEvents } from '../../control-events.ts';
import type { PlaybackReport } from '../playback-session.ts';
import { type ViewerJoin, ViewerService, type ViewerServiceOptions } from '../viewer-service.ts';

/** A clock whose two faces are turned separately. */
export class TwoFacedClock implements Clock {
  atMs = Date.UTC(2026, 10, 22, 10);
  ms = 5_000_000;
  now(): number {
    return this.atMs;
  }
  monotonicMs(): number {
    return this.ms;
  }
  /** Lets time pass on both. */
  pass(ms: number): void {
    this.atMs += ms;
    this.ms += ms;
  }
}

/** A database with one channel, its owner and a live stream, and the services' surroundings. */
export class ViewerWorld {
  readonly test: TestDatabase;
  readonly events = new ControlEvents();
  readonly clock = new TwoFacedClock();
  readonly channelId = v7();
  readonly ownerId = v7();
  streamId = '';

  private constructor(test: TestDatabase) {
    this.test = test;
  }

  static async create(): Promise<ViewerWorld> {
    const world = new ViewerWorld(await TestDatabase.create());
    await world.user(world.ownerId, 'owner');
    await world.test.database.asService(async (tx) => {
      await tx.insertInto('nchat_channels').values({ id: world.channelId, name: 'channel' }).execute();
      await tx
        .insertInto('nchat_channel_members')
        .values({ channel_id: world.channelId, user_id: world.ownerId, role: 'owner' })
        .execute();
    });
    world.streamId = await world.stream();
    return world;
  }

  /** Another account. */
  async user(id: string = v7(), username = id.slice(-12)): Promise<string> {
    await this.test.database.asService((tx) =>
      tx
        .insertInto('users')
        .values({ id, username, display_name: `The ${username}` })
        .execute(),
    );
    return id;
  }

  /** Another stream of the channel, live unless said otherwise. */
  async stream(row: { status?: string; visibility?: string; startedAtMs?: number } = {}): Promise<string> {
    const id = v7();
    await this.test.database.asService((tx) =>
      tx
        .insertInto('nchat_streams')
        .values({
          ...{ id, channel_id: this.channelId, broadcaster_id: this.ownerId, title: 'stream' },
          status: row.status ?? 'live',
          visibility: row.visibility ?? 'public',
          started_at: new Date(row.startedAtMs ?? this.clock.now()),
        })
        .execute(),
    );
    return id;
  }

  /** A service on this database, not started. */
  service(options: Partial<ViewerServiceOptions> = {}): ViewerService {
    const { events, clock } = this;
    // All of them come from one address.
    const limits = { sessionsPerAddress: 100_000, newSessionsBurst: 100_000, ...options.limits };
    const { database } = this.test;
    return new ViewerService({ database, events, clock, log: silentLogger, ...options, limits });
  }

  /** What joins: an anonymous viewer of the stream unless said otherwise. */
  viewer(sessionId: string, more: Partial<ViewerJoin> = {}): ViewerJoin {
    return {
      ...{ streamId: this.streamId, sessionId, actor: NOBODY, address: '192.0.2.7', userAgent: undefined },
      ...more,
    };
  }

  /** Heartbeats of a session, so many milliseconds apart. */
  async beats(
    service: ViewerService,
    sessionId: string,
    gapsMs: readonly number[],
    report: PlaybackReport = {},
    actor: Actor = NOBODY,
  ): Promise<void> {
    for (const gapMs of gapsMs) {
      this.clock.pass(gapMs);
      await service.heartbeat(actor, { streamId: this.streamId, sessionId, ...report });
    }
  }

  /** The rows of the viewers' table, in the order of joining. */
  rows(streamId = this.streamId) {
    return this.test.database.asService((tx) =>
      tx
        .selectFrom('nchat_stream_viewers')
        .selectAll()
        .where('stream_id', '=', streamId)
        .orderBy('joined_at')
        .orderBy('session_id')
        .execute(),
    );
  }

  /** The stream's own counts. */
  counts(streamId = this.streamId) {
    return this.test.database.asService((tx) =>
      tx
        .selectFrom('nchat_streams')
        .select(['current_viewers', 'peak_viewer_count', 'total_view_count'])
        .where('id', '=', streamId)
        .executeTakeFirstOrThrow(),
    );
  }

  async close(): Promise<void> {
    await this.test.drop();
  }
}
