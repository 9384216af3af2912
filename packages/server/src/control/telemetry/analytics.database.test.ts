import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { ApiServer, account, asActor } from '../../api/testing/api-server.ts';
import { ViewerWorld } from '../viewers/testing/viewer-world.ts';
import { AnalyticsService } from './analytics-service.ts';
import { writeSamples } from './repository.ts';
import { analyticsRoutesOf } from './routes.ts';

const MINUTE = 60_000;

let world: ViewerWorld;
let server: ApiServer;
let current: number;
beforeAll(async () => {
  world = await ViewerWorld.create();
  world.clock.atMs = Date.now();
  server = await ApiServer.start((api) =>
    analyticsRoutesOf(api, {
      analytics: new AnalyticsService({
        ...{ database: world.test.database, clock: world.clock },
        viewers: { count: () => current },
      }),
    }),
  );
});
afterAll(async () => {
  await server.close();
  await world.close();
});
beforeEach(async () => {
  current = 0;
  world.streamId = await world.stream({ startedAtMs: world.clock.now() - 30 * MINUTE });
});

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server answers is what the test looks at.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

async function get(path: string, actor: Actor = account(world.ownerId)): Promise<Answer> {
  const response = await fetch(`${server.url}/api/streams/${world.streamId}/${path}`, {
    headers: actor === NOBODY ? {} : asActor(actor),
  });
  return { status: response.status, body: await response.json() };
}

function ago(minutes: number): Date {
  return new Date(world.clock.now() - minutes * MINUTE);
}

/** A session that came and went so many minutes ago. */
async function session(row: {
  came: number;
  went?: number;
  watchSec: number;
  userId?: string;
  country?: string;
  device?: string;
  quality?: string;
  stalls?: number;
}): Promise<void> {
  await world.test.database.asService((tx) =>
    tx
      .insertInto('nchat_stream_viewers')
      .values({
        ...{ stream_id: world.streamId, session_id: v7(), user_id: row.userId ?? null },
        joined_at: ago(row.came),
        left_at: row.went === undefined ? null : ago(row.went),
        total_watch_time_seconds: row.watchSec,
        ...{ country: row.country ?? null, device: row.device ?? null },
        ...{ selected_quality: row.quality ?? 'auto', stalls: row.stalls ?? 0 },
      })
      .execute(),
  );
}

async function message(
  userId: string,
  content: string,
  minutes: number,
  seq: number,
  isDeleted = false,
): Promise<void> {
  await world.test.database.asService((tx) =>
    tx
      .insertInto('nchat_stream_chat_messages')
      .values({
        ...{ stream_id: world.streamId, user_id: userId, content, seq, client_id: v7() },
        ...{ is_deleted: isDeleted, created_at: ago(minutes) },
      })
      .execute(),
  );
}

async function react(userId: string, emoji: string, type: string | null, minutes: number): Promise<void> {
  await world.test.database.asService((tx) =>
    tx
      .insertInto('nchat_stream_reactions')
      .values({
        stream_id: world.streamId,
        user_id: userId,
        emoji,
        reaction_type: type,
        created_at: ago(minutes),
      })
      .execute(),
  );
}

/** Samples of these scores, one a minute, the last one a minute ago. */
async function samples(scores: readonly number[]): Promise<void> {
  await world.test.database.asService((tx) =>
    writeSamples(
      tx,
      scores.map((healthScore, at) => ({
        ...{ id: v7(), streamId: world.streamId, recordedAt: ago(scores.length - at).toISOString() },
        ...{ currentViewerCount: at, concurrentConnections: at, bitrateKbps: 1000 * (at + 1), fps: 30 - at },
        ...{ resolution: at === scores.length - 1 ? '1280x720' : '1920x1080', droppedFrames: 0, healthScore },
      })),
    ),
  );
}

describe('GET …/analytics', () => {
  test("is of the stream's own facts", async () => {
    const [ada, bob] = [await world.user(), await world.user()];
    current = 2;
    await session({
      came: 20,
      watchSec: 600,
      userId: ada,
      country: 'DE',
      device: 'desktop',
      quality: '720p',
    });
    await session({
      came: 15,
      went: 10,
      watchSec: 200,
      userId: ada,
      country: 'DE',
      device: 'desktop',
      stalls: 3,
    });
    await session({ came: 12, went: 5, watchSec: 100, country: 'FR', device: 'mobile' });
    await session({ came: 10, went: 0.5, watchSec: 300 });
    await message(ada, 'four', 20, 1);
    await message(ada, 'eightish', 10, 2);
    await message(bob, 'gone', 10, 3, true);
    await react(ada, '❤️', 'heart', 9);
    await react(ada, '❤️', 'heart', 8);
    await react(bob, '🎉', null, 8);
    await samples([100, 70, 60, 90, 50]);
    const { status, body } = await get('analytics');
    expect(status).toBe(200);
    const { viewers, duration, engagement, quality, audience, ...rest } = body.analytics;
    expect(rest).toEqual({
      ...{
        streamId: world.streamId,
        timeRange: '1h',
        generatedAt: new Date(world.clock.now()).toISOString(),
      },
    });
    expect(viewers).toMatchObject({
      ...{ current: 2, peak: 2, total: 0, uniqueViewers: 3, averageWatchDuration: 300, average: 2 },
    });
    expect(viewers.history.map(({ count }: { count: number }) => count)).toEqual([0, 1, 2, 3, 4]);
    expect(duration).toEqual({
      ...{ totalSeconds: 1800, startTime: ago(30).toISOString(), endTime: null, status: 'live' },
    });
    expect(engagement).toMatchObject({
      ...{ totalMessages: 2, messagesPerMinute: 0.07, averageMessageLength: 6 },
      reactions: { total: 3, perMinute: 0.1, byType: { heart: 2, other: 1 } },
      ...{ participationRate: 0.67, retentionRate: 0.5 },
    });
    expect(
      engagement.timeline.map(({ chat, reactions }: Record<string, number>) => [chat, reactions]),
    ).toEqual([
      ...[
        [1, 0],
        [1, 0],
        [0, 1],
        [0, 2],
      ],
    ]);
    expect(quality).toEqual({
      ...{ resolution: '1280x720', bitrate: 5000, frameRate: 26, averageBitrate: 3000, averageFps: 28 },
      ...{ healthScore: 74, qualityIssues: 3, qualityDrops: 2, stalls: 3 },
    });
    expect(audience).toEqual({
      qualityBreakdown: { auto: 3, '720p': 1 },
      geographicBreakdown: [
        { country: 'DE', viewers: 2, percentage: 50 },
        { country: 'FR', viewers: 1, percentage: 25 },
        { country: 'unknown', viewers: 1, percentage: 25 },
      ],
      deviceBreakdown: [
        { device: 'desktop', browser: 'unknown', os: 'unknown', viewers: 2, percentage: 50 },
        { device: 'mobile', browser: 'unknown', os: 'unknown', viewers: 1, percentage: 25 },
        { device: 'unknown', browser: 'unknown', os: 'unknown', viewers: 1, percentage: 25 },
      ],
    });
  });

  test('of a stream of which nothing is known is nought, and settings where there is no sample', async () => {
    const { body } = await get('analytics?timeRange=30d');
    expect(body.analytics).toMatchObject({
      viewers: { current: 0, peak: 0, uniqueViewers: 0, averageWatchDuration: 0, history: [] },
      engagement: {
        totalMessages: 0,
        messagesPerMinute: 0,
        participationRate: 0,
        retentionRate: 0,
        timeline: [],
      },
      quality: { resolution: '1080p', bitrate: 6000, frameRate: 30, healthScore: null },
      audience: { qualityBreakdown: {}, geographicBreakdown: [], deviceBreakdown: [] },
    });
  });

  test('reaches back from the end of a stream that is over, no further than was asked', async () => {
    world.streamId = await world.stream({ status: 'ended', startedAtMs: world.clock.now() - 300 * MINUTE });
    const ended_at = ago(100);
    await world.test.database.asService((tx) =>
      tx.updateTable('nchat_streams').set({ ended_at }).where('id', '=', world.streamId).execute(),
    );
    await session({ came: 290, went: 280, watchSec: 600 });
    await session({ came: 150, went: 100, watchSec: 60 });
    const hour = (await get('analytics?timeRange=1h')).body.analytics;
    expect(hour.viewers).toMatchObject({ uniqueViewers: 1, averageWatchDuration: 60 });
    expect(hour.duration).toMatchObject({
      totalSeconds: 200 * 60,
      endTime: ended_at.toISOString(),
      status: 'ended',
    });
    expect(hour.engagement.retentionRate).toBe(1);
    const day = (await get('analytics?timeRange=24h')).body.analytics;
    expect(day.viewers).toMatchObject({ uniqueViewers: 2, averageWatchDuration: 330 });
    expect(day.engagement.retentionRate).toBe(0.5);
  });

  test('a history has at most 60 points, however long the stream', async () => {
    world.streamId = await world.stream({ startedAtMs: world.clock.now() - 600 * MINUTE });
    await samples(Array(599).fill(90));
    const { body } = await get('analytics?timeRange=24h&metrics=viewers');
    expect(body.analytics.viewers.history.length).toBeGreaterThan(50);
    expect(body.analytics.viewers.history.length).toBeLessThanOrEqual(60);
  });

  test('parts that were not asked for are absent', async () => {
    const parts = async (metrics: string) =>
      Object.keys((await get(`analytics?metrics=${metrics}`)).body.analytics).slice(3);
    expect(await parts('viewers,duration,engagement')).toEqual(['viewers', 'duration', 'engagement']);
    expect(await parts('quality')).toEqual(['quality']);
    expect(await parts('viewers,all')).toHaveLength(5);
  });

  test.each(['timeRange=2h', 'metrics=secrets', 'metrics=', 'metrics=viewers,'])(
    '%s is 400',
    async (query) => {
      expect((await get(`analytics?${query}`)).status).toBe(400);
    },
  );
});

describe('who may', () => {
  test.each(['analytics', 'stats', 'metrics'])(
    '…/%s: owner, who runs the channel, administrator',
    async (path) => {
      const member = async (role: string): Promise<Actor> => {
        const userId = await world.user();
        await world.test.database.asService((tx) =>
          tx
            .insertInto('nchat_channel_members')
            .values({ channel_id: world.channelId, user_id: userId, role })
            .execute(),
        );
        return account(userId);
      };
      for (const actor of [
        account(world.ownerId),
        await member('admin'),
        account(await world.user(), { role: 'admin' }),
      ])
        expect((await get(path, actor)).status).toBe(200);
      for (const actor of [await member('moderator'), await member('viewer'), account(await world.user())])
        expect(await get(path, actor)).toMatchObject({
          ...{ status: 403, body: { error: 'Access denied', code: 'STREAM_UNAUTHORIZED' } },
        });
      expect((await get(path, NOBODY)).status).toBe(401);
      world.streamId = await world.stream({ visibility: 'private' });
      expect((await get(path, account(await world.user()))).status).toBe(404);
      world.streamId = v7();
      expect((await get(path)).status).toBe(404);
    },
  );

  test('the other name answers the same', async () => {
    expect((await get('stats')).body).toEqual((await get('analytics')).body);
  });
});

describe('GET …/metrics', () => {
  test('pages through every sample once, newest first', async () => {
    await samples([10, 20, 30, 40, 50]);
    const seen: number[] = [];
    let next: string | undefined;
    let pages = 0;
    do {
      const { body } = await get(
        `metrics?limit=2${next === undefined ? '' : `&before=${encodeURIComponent(next)}`}`,
      );
      seen.push(...body.metrics.map(({ healthScore }: { healthScore: number }) => healthScore));
      next = body.next;
      pages++;
    } while (next !== undefined);
    expect(seen).toEqual([50, 40, 30, 20, 10]);
    expect(pages).toBe(3);
    const { body } = await get(`metrics?after=${ago(3).toISOString()}`);
    expect(body.metrics).toHaveLength(3);
    expect(body).not.toHaveProperty('next');
  });

  test.each([
    ['limit=1', 200],
    ['limit=1000', 200],
    ['limit=0', 400],
    ['limit=1001', 400],
    ['before=yesterday', 400],
  ])('%s is %d', async (query, status) => {
    expect((await get(`metrics?${query}`)).status).toBe(status);
  });
});
