import type { StreamReaction } from '@tallylight/protocol/entities/talk.ts';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { silentLogger } from '../../platform/logger.ts';
import { AudienceFixture } from '../channels/testing/audience-fixture.ts';
import { DEFAULT_REACTION_LIMITS } from './reactions-limits.ts';
import { ReactionService } from './service.ts';

let at: AudienceFixture;
let owner: Actor & { userId: string };
let viewer: Actor & { userId: string };
let channelId: string;
let streamId: string;
let service: ReactionService;
let told: StreamReaction[];

beforeAll(async () => {
  at = await AudienceFixture.create();
  owner = await at.person('owner');
  channelId = await at.channel(owner);
});
afterAll(() => at.drop());
beforeEach(async () => {
  viewer = await at.person(`viewer-${Math.random().toString(36).slice(2, 10)}`);
  streamId = await at.stream(channelId, owner);
  told = [];
  at.events.on('reaction', (reaction) => told.push(reaction));
  service = new ReactionService({
    events: at.events,
    clock: at.clock,
    database: at.database,
    log: silentLogger,
  });
});
afterEach(async () => {
  at.events.removeAllListeners('reaction');
  await service.close();
});

async function written(): Promise<{ rows: number; total: number }> {
  return at.asService(async (tx) => {
    const { n } = await tx
      .selectFrom('nchat_stream_reactions')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('stream_id', '=', streamId)
      .executeTakeFirstOrThrow();
    const { total_reactions: total } = await tx
      .selectFrom('nchat_streams')
      .select('total_reactions')
      .where('id', '=', streamId)
      .executeTakeFirstOrThrow();
    return { rows: n, total };
  });
}

describe('by REST', () => {
  test('a reaction is written and counted before it is answered, and told', async () => {
    const reaction = await service.send(viewer, streamId, { emoji: '👍🏽', positionX: 0, positionY: 100 });
    expect(await written()).toEqual({ rows: 1, total: 1 });
    expect(reaction).toMatchObject({
      streamId,
      userId: viewer.userId,
      emoji: '👍🏽',
      reactionType: 'like',
      positionX: 0,
      positionY: 100,
      user: { id: viewer.userId },
    });
    expect(told).toEqual([reaction]);
    const { reactions, total } = await service.list(NOBODY, streamId, { limit: 50 });
    expect({ reactions, total }).toEqual({ reactions: [reaction], total: 1 });
  });

  test('five a second pass, the sixth is refused until the first is a second old', async () => {
    for (let i = 0; i < DEFAULT_REACTION_LIMITS.perSecond; i++)
      await service.send(viewer, streamId, { type: 'fire' });
    await expect(service.react(viewer, { streamId, type: 'fire' })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 1 },
    });
    at.clock.advance(1000);
    await service.react(viewer, { streamId, type: 'fire' });
  });

  test('the list is newest first, limited, and from a moment on', async () => {
    for (const type of ['heart', 'fire', 'wow']) {
      await service.send(viewer, streamId, { type });
      at.clock.advance(10);
    }
    const since = new Date(at.clock.now() - 25).toISOString();
    const latest = await service.list(NOBODY, streamId, { limit: 1, since });
    expect(latest.reactions.map(({ reactionType }) => reactionType)).toEqual(['wow']);
    expect(latest.total).toBe(2);
  });
});

describe.each(['send', 'react'] as const)('rules of %s', (way) => {
  const go = (actor: Actor, id = streamId): Promise<StreamReaction> =>
    way === 'send'
      ? service.send(actor, id, { emoji: '🎉' })
      : service.react(actor, { streamId: id, emoji: '🎉' });

  test('nobody who did not sign in', async () => {
    await expect(go(NOBODY)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', statusCode: 401 });
  });

  test('a stream that is not live, has reactions off, or does not exist', async () => {
    const ended = await at.stream(channelId, owner, { status: 'ended' });
    await expect(go(viewer, ended)).rejects.toMatchObject({ code: 'STREAM_NOT_LIVE', statusCode: 400 });
    const off = await at.stream(channelId, owner, { enable_reactions: false });
    await expect(go(viewer, off)).rejects.toMatchObject({ code: 'REACTIONS_DISABLED', statusCode: 403 });
    const none = '0192f0c1-0000-7000-8000-000000000001';
    await expect(go(viewer, none)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND', statusCode: 404 });
  });

  test('who is banned from the stream or its channel, or timed out', async () => {
    await at.ban(channelId, streamId, viewer);
    await expect(go(viewer)).rejects.toMatchObject({ code: 'VIEWER_BANNED' });
    const other = await at.person(`o-${way}`);
    await at.ban(channelId, null, other, 'timeout');
    await expect(go(other)).rejects.toMatchObject({ code: 'VIEWER_TIMED_OUT' });
  });

  test('a private stream exists for members only', async () => {
    const secret = await at.stream(channelId, owner, { visibility: 'private' });
    await expect(go(viewer, secret)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    await expect(service.list(viewer, secret, { limit: 5 })).rejects.toMatchObject({
      code: 'STREAM_NOT_FOUND',
    });
    await at.join(channelId, viewer, 'viewer');
    await expect(go(viewer, secret)).resolves.toMatchObject({ reactionType: null });
  });
});

describe('by socket', () => {
  test('a reaction is told at once and written with the others, once', async () => {
    const reactions = await Promise.all(
      ['🎉', '🔥', '👏'].map((emoji) => service.react(viewer, { streamId, emoji })),
    );
    expect(told).toHaveLength(3);
    await Promise.all([service.flush(), service.flush()]);
    expect(await written()).toEqual({ rows: 3, total: 3 });
    const { reactions: listed } = await service.list(viewer, streamId, { limit: 50 });
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(reactions.map(({ id }) => id)));
  });

  test('it is written without anybody asking', async () => {
    await service.react(viewer, { streamId, emoji: '🎉' });
    await expect.poll(async () => (await written()).rows, { timeout: 5000 }).toBe(1);
  });

  test('rules that were asked hold until an event says that they changed', async () => {
    await service.react(viewer, { streamId, emoji: '🎉' });
    await at.ban(channelId, streamId, viewer);
    await service.react(viewer, { streamId, emoji: '🎉' });
    at.events.emit('user-barred', { channelId, streamId, userId: viewer.userId, kind: 'ban' });
    await expect(service.react(viewer, { streamId, emoji: '🎉' })).rejects.toMatchObject({
      code: 'VIEWER_BANNED',
    });
  });

  test.each(['stream-ended', 'stream-updated', 'access-changed'] as const)(
    '%s lets the rules be asked again',
    async (event) => {
      await service.react(viewer, { streamId, emoji: '🎉' });
      await at.asService((tx) =>
        tx.updateTable('nchat_streams').set({ status: 'ended' }).where('id', '=', streamId).execute(),
      );
      if (event === 'stream-ended') at.events.emit(event, { streamId, reason: 'completed' });
      if (event === 'stream-updated') at.events.emit(event, { streamId, changes: { status: 'ended' } });
      if (event === 'access-changed') at.events.emit(event, { userId: viewer.userId });
      await expect(service.react(viewer, { streamId, emoji: '🎉' })).rejects.toMatchObject({
        code: 'STREAM_NOT_LIVE',
      });
    },
  );

  test('rules are asked again after their time', async () => {
    await service.react(viewer, { streamId, emoji: '🎉' });
    await at.ban(channelId, streamId, viewer);
    at.clock.advance(DEFAULT_REACTION_LIMITS.admissionMs);
    await expect(service.react(viewer, { streamId, emoji: '🎉' })).rejects.toMatchObject({
      code: 'VIEWER_BANNED',
    });
  });

  test('as many as there is room for wait while the database is away, one more is refused; all are written after', async () => {
    let away = false;
    const database = new Proxy(at.database, {
      get(target, name) {
        if (name === 'asService' && away) return () => Promise.reject(new Error('connection refused'));
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const small = new ReactionService({
      events: at.events,
      clock: at.clock,
      database,
      log: silentLogger,
      limits: { waiting: 4, perSecond: 10, batchRows: 3 },
    });
    await small.react(viewer, { streamId, emoji: '🎉' });
    await small.flush();
    away = true;
    for (let i = 0; i < 4; i++) await small.react(viewer, { streamId, emoji: '🎉' });
    await small.flush();
    await expect(small.react(viewer, { streamId, emoji: '🎉' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      statusCode: 503,
    });
    away = false;
    await small.close();
    expect(await written()).toEqual({ rows: 5, total: 5 });
  });

  test('a reaction of somebody who was deleted meanwhile does not keep the others from being written', async () => {
    const gone = await at.person('gone');
    await service.react(gone, { streamId, emoji: '🎉' });
    await service.react(viewer, { streamId, emoji: '🎉' });
    await at.asService((tx) => tx.deleteFrom('users').where('id', '=', gone.userId).execute());
    await service.flush();
    expect(await written()).toEqual({ rows: 1, total: 1 });
  });

  /** So many who never reacted. */
  function strangers(count: number): Promise<(Actor & { userId: string })[]> {
    return at.asService(async (tx) => {
      const rows = Array.from({ length: count }, () => ({ id: v7() }));
      await tx.insertInto('users').values(rows).execute();
      return rows.map(({ id }) => ({ ...viewer, userId: id }));
    });
  }

  test('in a cold room a thousand people who react five times at the same moment are asked about together, and none is refused', async () => {
    const people = await strangers(1000);
    let statements = 0;
    const database = new Proxy(at.database, {
      get(target, name) {
        if (name === 'asService') statements += 1;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    // There is room for each of them once.
    const limits = { asking: 1000 };
    const crowd = new ReactionService({
      ...{ events: at.events, clock: at.clock, database, log: silentLogger, limits },
    });
    const all = Array.from({ length: 5 }, () => people).flat();
    const reactions = await Promise.all(all.map((person) => crowd.react(person, { streamId, emoji: '🎉' })));
    expect(new Set(reactions.map(({ id }) => id)).size).toBe(5000);
    expect(statements).toBeLessThanOrEqual(3);
    await crowd.close();
    expect(await written()).toEqual({ rows: 5000, total: 5000 });
  });

  test('as many as there is room for wait to be asked about, one more is refused', async () => {
    const [last, ...people] = await strangers(4);
    const crowd = new ReactionService({
      ...{ events: at.events, clock: at.clock, database: at.database, log: silentLogger },
      limits: { asking: 3 },
    });
    const react = (person: Actor): Promise<StreamReaction> => crowd.react(person, { streamId, emoji: '🎉' });
    const asked = people.map(react);
    await expect(react(last as Actor)).rejects.toMatchObject({ code: 'UNAVAILABLE', statusCode: 503 });
    expect(await Promise.all(asked)).toHaveLength(3);
    await react(last as Actor);
    await crowd.close();
  });

  test('a database that takes too long for many rows gets fewer at once, until all are written', async () => {
    const most = 60;
    await at.database.pool.query(`
      CREATE FUNCTION tallylight.take_few() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (SELECT count(*) FROM inserted) > ${most} THEN
          RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled';
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER take_few AFTER INSERT ON nchat_stream_reactions REFERENCING NEW TABLE AS inserted
        FOR EACH STATEMENT EXECUTE FUNCTION tallylight.take_few()`);
    try {
      const crowd = new ReactionService({
        ...{ events: at.events, clock: at.clock, database: at.database, log: silentLogger },
        limits: { perSecond: 500, flushMs: 5 },
      });
      for (let i = 0; i < 500; i++) await crowd.react(viewer, { streamId, emoji: '🎉' });
      await expect.poll(async () => (await written()).rows, { timeout: 20_000 }).toBe(500);
      await crowd.close();
    } finally {
      await at.database.pool.query('DROP FUNCTION tallylight.take_few() CASCADE');
    }
  });

  test('five thousand in a second cost a few statements', async () => {
    const many = new ReactionService({
      events: at.events,
      clock: at.clock,
      database: at.database,
      log: silentLogger,
      limits: { perSecond: 5000 },
    });
    await many.react(viewer, { streamId, emoji: '🎉' });
    const before = process.cpuUsage();
    for (let i = 0; i < 4999; i++) await many.react(viewer, { streamId, emoji: '🎉' });
    const cpuMs = process.cpuUsage(before).user / 1000;
    await many.close();
    expect(await written()).toEqual({ rows: 5000, total: 5000 });
    expect(cpuMs).toBeLessThan(500);
  });
});
