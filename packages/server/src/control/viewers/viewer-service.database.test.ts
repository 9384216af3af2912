import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import { account } from '../../api/testing/api-server.ts';
import type { PlaybackReport } from './playback-session.ts';
import { ViewerWorld } from './testing/viewer-world.ts';
import type { ViewerService } from './viewer-service.ts';

let world: ViewerWorld;
let service: ViewerService;
let live: boolean;
const told: string[] = [];

beforeAll(async () => {
  world = await ViewerWorld.create();
  world.events.on('viewer-joined', ({ streamId }) => streamId === world.streamId && told.push('joined'));
  world.events.on('viewer-left', ({ streamId }) => streamId === world.streamId && told.push('left'));
});
afterAll(() => world.close());
beforeEach(async () => {
  world.streamId = await world.stream();
  live = true;
  service = world.service({ isLive: () => live, limits: { rowsPerStatement: 1000 } });
  told.length = 0;
});

/** Lets everything that is due be written. */
async function written(): Promise<void> {
  world.clock.pass(5000);
  await service.tick();
}

async function watchSeconds(): Promise<number | undefined> {
  await written();
  return (await world.rows())[0]?.total_watch_time_seconds;
}

describe('counting', () => {
  test('a second join of the same session counts once, over whatever connection', async () => {
    await service.join(world.viewer('session-1'));
    await service.join(world.viewer('session-1', { address: '198.51.100.1' }));
    await service.join(world.viewer('session-2'));
    expect(service.count(world.streamId)).toBe(2);
    expect(told).toEqual(['joined', 'joined']);
    await written();
    expect(await world.counts()).toEqual({ current_viewers: 2, peak_viewer_count: 2, total_view_count: 2 });
    expect(await world.rows()).toHaveLength(2);
  });

  test('who leaves and comes back is one view, and one row', async () => {
    await service.join(world.viewer('session-1'));
    await written();
    await service.leave(world.streamId, 'session-1', NOBODY);
    await service.leave(world.streamId, 'session-1', NOBODY);
    await written();
    expect(await world.counts()).toEqual({ current_viewers: 0, peak_viewer_count: 1, total_view_count: 1 });
    expect((await world.rows())[0]?.left_at).toBeInstanceOf(Date);
    await service.join(world.viewer('session-1'));
    await written();
    expect(await world.counts()).toEqual({ current_viewers: 1, peak_viewer_count: 1, total_view_count: 1 });
    expect((await world.rows()).map(({ left_at }) => left_at)).toEqual([null]);
    expect(told).toEqual(['joined', 'left', 'joined']);
  });

  test('the peak is the most at once between two writes too', async () => {
    for (const id of ['session-1', 'session-2', 'session-3']) await service.join(world.viewer(id));
    for (const id of ['session-1', 'session-2']) await service.leave(world.streamId, id, NOBODY);
    await written();
    expect(await world.counts()).toEqual({ current_viewers: 1, peak_viewer_count: 3, total_view_count: 3 });
  });

  test('counts are written no more often than every five seconds, and only when they changed', async () => {
    await service.join(world.viewer('session-1'));
    world.clock.pass(4999);
    await service.tick();
    expect(await world.counts()).toMatchObject({ current_viewers: 0, total_view_count: 1 });
    world.clock.pass(1);
    await service.tick();
    expect(await world.counts()).toMatchObject({ current_viewers: 1 });
    await world.test.database.asService((tx) =>
      tx.updateTable('nchat_streams').set({ current_viewers: 77 }).where('id', '=', world.streamId).execute(),
    );
    await written();
    expect(await world.counts()).toMatchObject({ current_viewers: 77 });
  });

  test('10,000 that join at once are ten statements and exactly 10,000 viewers', async () => {
    const { pool } = world.test.database;
    const statements: string[] = [];
    const wrapped = new Set<object>();
    const countOn = (client: { query: (...args: never[]) => unknown }): void => {
      if (wrapped.has(client)) return;
      wrapped.add(client);
      const { query } = client;
      client.query = (...args: never[]) => {
        const [given] = args as unknown as [string | { text: string }];
        statements.push(typeof given === 'string' ? given : given.text);
        return query.apply(client, args);
      };
    };
    pool.on('acquire', countOn);
    for (let at = 0; at < 10_000; at++) await service.join(world.viewer(`session-${at}`));
    for (let at = 0; at < 10_000; at += 2) await service.join(world.viewer(`session-${at}`));
    expect(service.count(world.streamId)).toBe(10_000);
    await written();
    pool.off('acquire', countOn);
    const work = statements.filter((text) => /insert into|update /i.test(text));
    expect(work.filter((text) => /nchat_stream_viewers/.test(text))).toHaveLength(10);
    expect(work).toHaveLength(11);
    expect(await world.counts()).toEqual({
      ...{ current_viewers: 10_000, peak_viewer_count: 10_000, total_view_count: 10_000 },
    });
  });

  test("a stream's end of existence forgets its viewers, and the others' are written", async () => {
    const gone = await world.stream();
    await service.join(world.viewer('session-1', { streamId: gone }));
    await service.join(world.viewer('session-2'));
    await world.test.database.asService((tx) =>
      tx.deleteFrom('nchat_streams').where('id', '=', gone).execute(),
    );
    await written();
    expect(await world.rows()).toHaveLength(1);
    world.events.emit('stream-deleted', { streamId: gone });
    expect(service.count(gone)).toBe(0);
    await written();
  });
});

describe('watch time', () => {
  beforeEach(() => service.join(world.viewer('session-1')));

  test('is the time between heartbeats', async () => {
    await world.beats(service, 'session-1', [10_000, 10_000, 10_500]);
    expect(await watchSeconds()).toBe(30);
    await world.beats(service, 'session-1', [4500]);
    // The half second that was left over before is not lost, and neither are the five that passed while writing.
    expect(await watchSeconds()).toBe(40);
  });

  test.each([
    [30_000, 30],
    [30_001, 0],
    [3_600_000, 0],
  ])(
    'a heartbeat %d ms after the last one counts %d s: a sleeping tab watches nothing',
    async (gapMs, seconds) => {
      await world.beats(service, 'session-1', [gapMs]);
      expect(await watchSeconds()).toBe(seconds);
    },
  );

  test('beating faster makes no more of it', async () => {
    await world.beats(service, 'session-1', Array(100).fill(100));
    expect(await watchSeconds()).toBe(10);
  });

  test('a paused player and a stream that is not live are not watched', async () => {
    await world.beats(service, 'session-1', [10_000], { isPlaying: false });
    live = false;
    await world.beats(service, 'session-1', [10_000]);
    live = true;
    await world.beats(service, 'session-1', [7000]);
    expect(await watchSeconds()).toBe(7);
  });

  test("does not follow the system's clock, nor do the times of joining and leaving", async () => {
    const joinedAtMs = world.clock.now();
    await world.beats(service, 'session-1', [10_000]);
    world.clock.atMs += 86_400_000;
    await world.beats(service, 'session-1', [10_000]);
    world.clock.atMs -= 2 * 86_400_000;
    await world.beats(service, 'session-1', [10_000]);
    await service.leave(world.streamId, 'session-1', NOBODY);
    await written();
    const [row] = await world.rows();
    expect(row?.total_watch_time_seconds).toBe(30);
    expect(row?.left_at?.getTime()).toBe(joinedAtMs + 30_000);
    expect(row?.last_seen_at.getTime()).toBe(joinedAtMs + 30_000);
  });

  test('goes on where it was when a session comes back, without the time between', async () => {
    await world.beats(service, 'session-1', [10_000]);
    await service.leave(world.streamId, 'session-1', NOBODY);
    world.clock.pass(20_000);
    await service.join(world.viewer('session-1'));
    await world.beats(service, 'session-1', [5000]);
    expect(await watchSeconds()).toBe(15);
  });
});

describe('what is kept of a session', () => {
  test('rendition, transport, stalls; messages and reactions of who signed in', async () => {
    const userId = await world.user();
    const actor = account(userId);
    await service.join(world.viewer('session-1', { actor }));
    await world.beats(
      service,
      'session-1',
      [1000],
      { quality: '720p', transport: 'll-hls', stalls: 2 },
      actor,
    );
    await world.beats(service, 'session-1', [1000], { latencyMs: 1800 }, actor);
    world.events.emit('chat-message', { streamId: world.streamId, userId } as never);
    world.events.emit('chat-message', { streamId: world.streamId, userId } as never);
    world.events.emit('reaction', { streamId: world.streamId, userId } as never);
    world.events.emit('reaction', { streamId: world.streamId } as never);
    await written();
    expect((await world.rows())[0]).toMatchObject({
      ...{ user_id: userId, selected_quality: '720p', transport: 'll-hls', stalls: 2 },
      ...{
        sent_chat_messages: 2,
        sent_reactions: 1,
        session_id: 'session-1',
        viewer_session_id: 'session-1',
      },
      watch_duration_seconds: 2,
    });
    expect(service.latencyMs(world.streamId)).toBe(1800);
    world.clock.pass(30_000);
    expect(service.latencyMs(world.streamId)).toBeUndefined();
    expect(service.byTransport()).toEqual(new Map([['ll-hls', 1]]));
  });

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2::/64', '2001:db8:1:2::/64'],
    ['unknown', null],
    ['', null],
  ])('the address %j is kept as %j', async (address, kept) => {
    await service.join(world.viewer('session-1', { address }));
    await written();
    expect((await world.rows())[0]?.ip_address).toBe(kept);
  });

  test('no request may read address or User-Agent, not even the owner', async () => {
    await service.join(world.viewer('session-1', { userAgent: 'me' }));
    await written();
    const owner = account(world.ownerId);
    const { database } = world.test;
    for (const column of ['ip_address', 'user_agent', 'metadata'] as const) {
      const read = database.asUser(owner, (tx) =>
        tx.selectFrom('nchat_stream_viewers').select(column).execute(),
      );
      await expect(read).rejects.toThrow(/permission denied/);
    }
  });

  test('what the database would never take holds nobody back', async () => {
    const bad: PlaybackReport = { quality: 'x'.repeat(50) as never };
    for (let at = 0; at < 9; at++) await service.join(world.viewer(`session-${at}`));
    await world.beats(service, 'session-4', [1000], bad);
    await written();
    expect((await world.rows()).map(({ session_id }) => session_id)).toEqual(
      [0, 1, 2, 3, 5, 6, 7, 8].map((at) => `session-${at}`),
    );
  });

  test.each(['short', 'x'.repeat(65), 'with space', 'nul\u0000nul-nul', '\ud800aaaaaaaa'])(
    'the id %j is refused',
    async (sessionId) => {
      await expect(service.join(world.viewer(sessionId))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    },
  );

  test.each(['12345678', 'x'.repeat(64), '__proto__'])('the id %j is taken', async (sessionId) => {
    await service.join(world.viewer(sessionId));
    expect(service.count(world.streamId)).toBe(1);
  });
});

describe('whose a session is', () => {
  test("nobody joins, leaves or beats another account's", async () => {
    const mine = account(await world.user());
    const other = account(await world.user());
    await service.join(world.viewer('session-1', { actor: mine }));
    for (const actor of [other, NOBODY]) {
      await expect(service.join(world.viewer('session-1', { actor }))).rejects.toMatchObject({
        code: 'CONFLICT',
      });
      await expect(
        service.heartbeat(actor, { streamId: world.streamId, sessionId: 'session-1' }),
      ).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await service.leave(world.streamId, 'session-1', actor);
    }
    expect(service.count(world.streamId)).toBe(1);
    expect(told).toEqual(['joined']);
  });

  test('who signs in while watching keeps the session', async () => {
    await service.join(world.viewer('session-1'));
    const userId = await world.user();
    await service.join(world.viewer('session-1', { actor: account(userId) }));
    await written();
    expect((await world.rows()).map(({ user_id }) => user_id)).toEqual([userId]);
    expect(service.count(world.streamId)).toBe(1);
  });

  test("after a restart a row is not changed for another account's session of the same id", async () => {
    const userId = await world.user();
    await service.join(world.viewer('session-1', { actor: account(userId) }));
    await written();
    const next = world.service();
    const other = account(await world.user());
    await next.join(world.viewer('session-1', { actor: other }));
    await world.beats(next, 'session-1', [10_000], {}, other);
    world.clock.pass(5000);
    await next.tick();
    expect(await world.rows()).toMatchObject([{ user_id: userId, total_watch_time_seconds: 0 }]);
  });
});

describe('over REST', () => {
  const report: PlaybackReport = { quality: '480p', transport: 'hls' };

  test('the secret changes the session, and nothing else does', async () => {
    const { secret } = await service.open(world.viewer('session-1'), report);
    const proof = { streamId: world.streamId, sessionId: 'session-1', actor: NOBODY, secret };
    world.clock.pass(10_000);
    await service.beat(proof, {});
    for (const wrong of [undefined, '', `${secret}x`, 'é'.repeat(32)]) {
      await expect(service.beat({ ...proof, secret: wrong }, {})).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      await expect(service.close({ ...proof, secret: wrong })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(service.open(world.viewer('session-1'), report, wrong)).rejects.toMatchObject({
        code: 'CONFLICT',
      });
    }
    await expect(service.join(world.viewer('session-1'))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(
      service.heartbeat(NOBODY, { streamId: world.streamId, sessionId: 'session-1' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await service.leave(world.streamId, 'session-1', NOBODY);
    expect(service.count(world.streamId)).toBe(1);
    expect((await service.open(world.viewer('session-1'), report, secret)).secret).toBe(secret);
    await service.close(proof);
    expect(service.count(world.streamId)).toBe(0);
    await written();
    expect(await world.rows()).toMatchObject([
      { total_watch_time_seconds: 10, selected_quality: '480p', transport: 'hls' },
    ]);
  });

  test('who signed in needs no secret; the secret of a session that a socket holds is known to nobody', async () => {
    const actor = account(await world.user());
    await service.open(world.viewer('session-1', { actor }), {});
    await service.beat({ streamId: world.streamId, sessionId: 'session-1', actor, secret: undefined }, {});
    await service.join(world.viewer('session-2', { actor }));
    await expect(
      service.close({ streamId: world.streamId, sessionId: 'session-2', actor, secret: '' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a session that is silent for more than 45 s has left when it was last heard, and a beat brings it back', async () => {
    const { secret } = await service.open(world.viewer('session-1'), {});
    await service.join(world.viewer('session-2'));
    const proof = { streamId: world.streamId, sessionId: 'session-1', actor: NOBODY, secret };
    world.clock.pass(10_000);
    await service.beat(proof, {});
    const seenAtMs = world.clock.now();
    world.clock.pass(45_000);
    await service.tick();
    expect(service.count(world.streamId)).toBe(2);
    world.clock.pass(1);
    await service.tick();
    expect(service.count(world.streamId)).toBe(1);
    await written();
    expect((await world.rows()).map(({ left_at }) => left_at?.getTime())).toEqual([seenAtMs, undefined]);
    await expect(service.beat(proof, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await service.open(world.viewer('session-1'), {});
    await written();
    expect(await world.counts()).toMatchObject({ current_viewers: 2, total_view_count: 2 });
  });
});

describe('limits', () => {
  test('so many sessions are remembered and no more; one that left and was written makes room', async () => {
    const small = world.service({ limits: { sessions: 3 } });
    for (const id of ['session-1', 'session-2', 'session-3']) await small.join(world.viewer(id));
    await small.join(world.viewer('session-3'));
    await expect(small.join(world.viewer('session-4'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await small.leave(world.streamId, 'session-1', NOBODY);
    await expect(small.join(world.viewer('session-4'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    world.clock.pass(5000);
    await small.tick();
    await small.join(world.viewer('session-4'));
    expect(small.count(world.streamId)).toBe(3);
  });

  test('an address has so many open and no more, over REST and sockets alike', async () => {
    const small = world.service({ limits: { sessionsPerAddress: 2 } });
    const { secret } = await small.open(world.viewer('session-1'), {});
    await small.open(world.viewer('session-2'), {});
    await expect(small.open(world.viewer('session-3'), {})).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await small.open(world.viewer('session-3', { address: '192.0.2.8' }), {});
    await expect(small.join(world.viewer('session-4'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (const id of ['local-01', 'local-02', 'local-03'])
      await small.join(world.viewer(id, { address: '127.0.0.1' }));
    await small.close({ streamId: world.streamId, sessionId: 'session-1', actor: NOBODY, secret });
    await small.open(world.viewer('session-5'), {});
    await expect(small.open(world.viewer('session-6'), {})).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe('over sockets', () => {
  test('an address begins so many sessions at once, and then one a second', async () => {
    const small = world.service({ limits: { newSessionsBurst: 2, newSessionsPerSec: 1 } });
    const join = (id: string): Promise<void> => small.join(world.viewer(id));
    await join('session-1');
    await join('session-2');
    await join('session-2');
    await expect(join('session-3')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 1 },
    });
    world.clock.pass(1000);
    await join('session-3');
    await expect(join('session-4')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(small.count(world.streamId)).toBe(3);
  });

  test('a stream that has ended takes no new session; one that is counted may come back', async () => {
    await service.join(world.viewer('session-1'));
    await world.test.database.asService((tx) =>
      tx.updateTable('nchat_streams').set({ status: 'ended' }).where('id', '=', world.streamId).execute(),
    );
    await service.join(world.viewer('session-1'));
    await expect(service.join(world.viewer('session-2'))).rejects.toMatchObject({ code: 'STREAM_NOT_LIVE' });
    expect(service.count(world.streamId)).toBe(1);
  });
});

describe('over restarts and outages', () => {
  test('what a server that died left open is closed when it was last seen', async () => {
    await service.join(world.viewer('session-1'));
    await world.beats(service, 'session-1', [10_000]);
    const seenAtMs = world.clock.now();
    await written();
    const next = world.service();
    await next.start();
    expect((await world.rows()).map(({ left_at }) => left_at?.getTime())).toEqual([seenAtMs]);
    expect(await world.counts()).toEqual({ current_viewers: 0, peak_viewer_count: 1, total_view_count: 1 });
    await next.join(world.viewer('session-1'));
    await world.beats(next, 'session-1', [10_000]);
    await next.stop();
    expect(await world.counts()).toEqual({ current_viewers: 0, peak_viewer_count: 1, total_view_count: 1 });
    expect(await world.rows()).toMatchObject([{ total_watch_time_seconds: 20 }]);
  });

  test('a server that stops lets everybody leave and writes it', async () => {
    await service.join(world.viewer('session-1'));
    await service.stop();
    await service.stop();
    expect((await world.rows())[0]?.left_at).not.toBeNull();
    expect(told).toEqual(['joined', 'left']);
  });

  test('while the database is away everything goes on in memory, and nothing is written twice or lost', async () => {
    const { database } = world.test;
    let isAway = true;
    const flaky = {
      asService: (work: never) =>
        isAway ? Promise.reject(new Error('connection refused')) : database.asService(work),
    };
    const service = world.service({ database: flaky as never });
    for (let at = 0; at < 5; at++) await service.join(world.viewer(`session-${at}`));
    await world.beats(service, 'session-1', [10_000]);
    world.clock.pass(5000);
    await service.tick();
    await service.leave(world.streamId, 'session-0', NOBODY);
    await service.leave(world.streamId, 'session-2', NOBODY);
    await service.join(world.viewer('session-2'));
    expect(service.count(world.streamId)).toBe(4);
    expect(await world.rows()).toEqual([]);
    isAway = false;
    world.clock.pass(5000);
    await service.tick();
    expect(await world.counts()).toEqual({ current_viewers: 4, peak_viewer_count: 5, total_view_count: 5 });
    expect(
      (await world.rows()).map((row) => [row.session_id, row.total_watch_time_seconds, row.left_at !== null]),
    ).toEqual([
      ...[['session-0', 0, true]],
      ...[['session-1', 10, false]],
      ...['session-2', 'session-3', 'session-4'].map((id) => [id, 0, false]),
    ]);
  });
});
