import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { v7 } from 'uuid';
import type { Actor } from '../../../api/actor.ts';
import { TestDatabase } from '../../../db/testing/test-database.ts';
import { ChildProcesses } from '../../../platform/child-process.ts';
import type { Clock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { ControlEvents } from '../../control-events.ts';
import { DatabasePublishAuthorizer } from '../../keys/database-publish-authorizer.ts';
import { KeyRing, type MasterKey } from '../../keys/key-ring.ts';
import { StreamKeys } from '../../keys/stream-keys.ts';
import { ManagedStreams } from '../../watching/managed-streams.ts';
import { WatchAccess } from '../../watching/watch-access.ts';
import type { NewStream } from '../repository.ts';
import type { ScheduleLimits } from '../schedule/schedule-limits.ts';
import { StreamSchedule } from '../schedule/stream-schedule.ts';
import { StreamService } from '../service.ts';
import { StreamLife } from '../stream-life.ts';
import { StreamMapper } from '../stream-mapper.ts';
import type { StreamsLimits } from '../streams-limits.ts';
import { PictureMaker } from '../thumbnails/picture-maker.ts';
import { StreamThumbnails } from '../thumbnails/stream-thumbnails.ts';
import { FakeLive } from './fake-live.ts';

const ORIGIN = 'https://live.test';

/** A clock that a test turns; both of its faces go together. */
export class TurnedClock implements Clock {
  offsetMs = 0;

  now(): number {
    return Date.now() + this.offsetMs;
  }

  monotonicMs(): number {
    return performance.now() + this.offsetMs;
  }
}

/** Everything of streams on a database of its own, with media that a test plays. `restart` is another process on the same database. */
export class StreamsHarness {
  readonly test: TestDatabase;
  readonly clock = new TurnedClock();
  readonly ring: KeyRing;
  readonly masterKey: MasterKey;
  readonly children = new ChildProcesses();
  readonly #limits: Partial<StreamsLimits>;
  #mapper!: StreamMapper;
  events = new ControlEvents();
  live = new FakeLive();
  streams = new ManagedStreams();
  watching!: WatchAccess;
  authorizer!: DatabasePublishAuthorizer;
  life!: StreamLife;
  service!: StreamService;
  thumbnails!: StreamThumbnails;
  schedule!: StreamSchedule;
  /** Names of events with their payloads, in order. */
  told: { readonly name: string; readonly payload: unknown }[] = [];

  private constructor(test: TestDatabase, limits: Partial<StreamsLimits>, masterKey: MasterKey) {
    this.test = test;
    this.#limits = limits;
    this.masterKey = masterKey;
    this.ring = new KeyRing([masterKey]);
    this.#build();
  }

  /** Starts on a new database. */
  static async create(limits: Partial<StreamsLimits> = {}): Promise<StreamsHarness> {
    const masterKey = { kid: 'k1', bytes: randomBytes(32) };
    return new StreamsHarness(await TestDatabase.create(), { retryMs: 50, ...limits }, masterKey);
  }

  get database() {
    return this.test.database;
  }

  /** A person with an account. */
  async person(
    name: string,
    options: { readonly role?: 'user' | 'admin' } = {},
  ): Promise<Actor & { userId: string }> {
    const userId = v7();
    await this.database.asService(async (tx) => {
      await tx
        .insertInto('users')
        .values({ id: userId, username: `${name}-${userId.slice(-6)}`, display_name: name })
        .execute();
      await tx
        .insertInto('nchat_live_accounts')
        .values({ user_id: userId, server_role: options.role ?? 'user' })
        .execute();
    });
    return {
      userId,
      role: options.role ?? 'user',
      isGuest: false,
      by: 'session',
      sessionId: v7(),
      provenAtMs: Date.now(),
    };
  }

  /** A channel and its members by role. */
  async channel(
    members: Readonly<Record<string, { readonly userId: string }>>,
    options: { readonly isPrivate?: boolean } = {},
  ): Promise<string> {
    const id = v7();
    await this.database.asService(async (tx) => {
      await tx
        .insertInto('nchat_channels')
        .values({ id, name: 'Channel', is_private: options.isPrivate ?? false })
        .execute();
      for (const [role, { userId }] of Object.entries(members)) {
        await tx
          .insertInto('nchat_channel_members')
          .values({ channel_id: id, user_id: userId, role })
          .execute();
      }
    });
    return id;
  }

  /** Makes a stream and tells its key. */
  async stream(
    owner: Actor & { userId: string },
    channelId: string,
    settings: Partial<NewStream> = {},
  ): Promise<{ readonly id: string; readonly key: string }> {
    const { id } = await this.service.create(owner, { channelId, title: 'Stream', ...settings });
    const { streamKey } = await this.service.revealKey(owner, id, '127.0.0.1');
    return { id, key: streamKey };
  }

  /** Lets a publisher in as the ingest does. Throws the refusal. */
  async publish(key: string): Promise<{ readonly streamId: string; readonly keyId: string }> {
    const decision = await this.authorizer.authorize({
      protocol: 'rtmp',
      app: 'live',
      streamKey: key,
      peer: 'test',
    });
    if (!decision.allowed) throw new Error(decision.reason);
    this.live.connect(decision.streamId, decision.keyId);
    return decision;
  }

  /** Column of a stream, as the database has it. */
  async column(streamId: string, column: string): Promise<unknown> {
    return this.database.asService(async (tx) => {
      const { rows } = await sql<{ value: unknown }>`
        SELECT ${sql.ref(column)} AS value FROM nchat_streams WHERE id = ${streamId}`.execute(tx);
      return rows[0]?.value;
    });
  }

  /** The process dies and another one starts. */
  restart(): void {
    this.life.close();
    this.watching.close();
    this.streams.close();
    this.events = new ControlEvents();
    this.live = new FakeLive();
    this.streams = new ManagedStreams();
    this.#build();
  }

  /** Schedules with bounds of their own, on the same database. */
  scheduleWith(limits: Partial<ScheduleLimits>): StreamSchedule {
    return new StreamSchedule({
      database: this.database,
      mapper: this.#mapper,
      origin: ORIGIN,
      secret: this.ring.derive('calendar tokens'),
      limits,
    });
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.life.close();
    this.watching.close();
    this.streams.close();
    await this.children.close();
    await this.test.drop();
  }

  #build(): void {
    const { children, clock, database, events, live, ring, streams } = this;
    const log = silentLogger;
    const limits = this.#limits;
    this.told = [];
    for (const name of [
      'stream-created',
      'stream-live',
      'stream-ended',
      'stream-error',
      'stream-updated',
      'stream-deleted',
    ] as const) {
      events.on(name, (payload: unknown) => this.told.push({ name, payload }));
    }
    this.watching = new WatchAccess({
      ...{ streams, database, events, clock, log },
      secret: ring.derive('watch tokens'),
      limits: { retryMs: 50 },
    });
    const mapper = (this.#mapper = new StreamMapper({
      urls: { origin: ORIGIN, ingestUrl: 'rtmp://live.test:1935/live' },
      streams,
      reconnectWindowMs: 120_000,
    }));
    this.authorizer = new DatabasePublishAuthorizer({ database, ring, streams, clock, log });
    this.life = new StreamLife({
      ...{ database, events, live, streams, mapper, clock, log, limits },
      keys: this.authorizer,
      reconnectWindowMs: 120_000,
    });
    this.service = new StreamService({
      ...{ database, events, live, mapper, limits },
      life: this.life,
      keys: new StreamKeys({ database, ring }),
      forgetKeys: (streamId) => this.authorizer.forget(streamId),
      watching: this.watching,
    });
    this.thumbnails = new StreamThumbnails({ database, events, maker: new PictureMaker({ children, log }) });
    this.schedule = this.scheduleWith({});
    this.life.open();
  }
}

/** Waits until something is so. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  name: string,
  timeoutMs = 5000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
