import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import { qualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { account } from '../../api/testing/api-server.ts';
import { ViewerWorld } from '../viewers/testing/viewer-world.ts';
import { TelemetryService, type TelemetryServiceOptions } from './telemetry-service.ts';
import { FakeLive } from './testing/fake-live.ts';

let world: ViewerWorld;
let live: FakeLive;
let telemetry: TelemetryService;
let told: StreamQualityMetrics[];
const listen = (sample: StreamQualityMetrics): unknown => told.push(sample);

beforeAll(async () => {
  world = await ViewerWorld.create();
  world.events.on('quality-metrics', listen);
});
afterAll(() => world.close());
beforeEach(async () => {
  world.streamId = await world.stream();
  live = new FakeLive();
  told = [];
  telemetry = service();
});
afterEach(() => telemetry.stop());

function service(options: Partial<TelemetryServiceOptions> = {}): TelemetryService {
  const { events, clock } = world;
  const started = new TelemetryService({
    ...{ database: world.test.database, events, live, clock },
    viewers: { count: () => 12, latencyMs: () => 1850.4 },
    log: { info: vi.fn(), warn: vi.fn(), error: vi.fn() } as never,
    ...options,
  });
  started.start();
  return started;
}

function rows(streamId = world.streamId) {
  return world.test.database.asService((tx) =>
    tx
      .selectFrom('nchat_stream_quality_metrics')
      .selectAll()
      .where('stream_id', '=', streamId)
      .orderBy('recorded_at')
      .execute(),
  );
}

describe('a sample', () => {
  test('has what the media says, is told and written', async () => {
    live.is(world.streamId, {
      ...{ uploadBitrateKbps: 3400, fps: 29.97, encoderSpeed: 0.904, rttMs: 249.7, lossFraction: 0.0123 },
      droppedFrames: 5,
    });
    await telemetry.sample();
    expect(told).toHaveLength(1);
    expect(qualityMetrics.parse(told[0])).toEqual(told[0]);
    expect(told[0]).toMatchObject({
      ...{ streamId: world.streamId, recordedAt: new Date(world.clock.now()).toISOString() },
      ...{ currentViewerCount: 12, concurrentConnections: 5, bitrateKbps: 3000, uploadBitrateKbps: 3400 },
      ...{ fps: 29.97, resolution: '1280x720', droppedFrames: 5, encoderSpeed: 0.9, latencyMs: 1850 },
      ...{ rttMs: 250, packetLossPercent: 1.23, healthScore: 54 },
    });
    expect(await rows()).toMatchObject([
      {
        ...{ id: told[0]?.id, current_viewer_count: 12, concurrent_connections: 5, bitrate_kbps: 3000 },
        ...{ upload_bitrate_kbps: 3400, fps: 29.97, resolution: '1280x720', dropped_frames: 5 },
        ...{ encoder_speed: 0.9, latency_ms: 1850, rtt_ms: 250, packet_loss_percent: 1.23, health_score: 54 },
      },
    ]);
  });

  test('has nothing that is not known', async () => {
    telemetry = service({ viewers: { count: () => 0, latencyMs: () => undefined } });
    live.tell({ type: 'publisher-connected', streamId: world.streamId, protocol: 'rtmp', keyId: 'k' });
    const nothing = { bitrateKbps: undefined, fps: undefined, width: undefined, publishing: false };
    live.is(world.streamId, nothing as never);
    await telemetry.sample();
    expect(Object.keys(told.at(-1) ?? {}).sort()).toEqual(
      [
        'concurrentConnections',
        'currentViewerCount',
        'droppedFrames',
        'healthScore',
        'id',
        'recordedAt',
        'streamId',
      ].sort(),
    );
    expect(told.at(-1)?.healthScore).toBe(0);
  });

  test('counts dropped pictures since the one before, and anew in a new session', async () => {
    for (const droppedFrames of [5, 5, 12, 3]) {
      live.is(world.streamId, { droppedFrames });
      await telemetry.sample();
    }
    expect(told.map(({ droppedFrames }) => droppedFrames)).toEqual([5, 0, 7, 3]);
  });
});

describe('which streams', () => {
  test('from the first publisher to the end, over lost publishers, and none that is a name', async () => {
    await telemetry.sample();
    live.is('demo');
    live.is(world.streamId);
    await telemetry.sample();
    live.tell({ type: 'publisher-lost', streamId: world.streamId, reason: 'connection-lost' });
    world.clock.pass(5000);
    await telemetry.sample();
    expect([...telemetry.latest.keys()]).toEqual([world.streamId]);
    live.tell({ type: 'ended', streamId: world.streamId });
    await telemetry.sample();
    expect(told.map(({ streamId }) => streamId)).toEqual([world.streamId, world.streamId]);
    expect(telemetry.latest.size).toBe(0);
  });

  test('all of them in one statement, and one that the database does not know costs the others nothing', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => world.stream()));
    for (const id of [...ids, '01999999-9999-7999-8999-999999999999']) live.is(id);
    const asService = vi.spyOn(world.test.database, 'asService');
    await telemetry.sample();
    expect(asService).toHaveBeenCalledTimes(1);
    asService.mockRestore();
    const counts = await Promise.all(ids.map(async (id) => (await rows(id)).length));
    expect(counts).toEqual(ids.map(() => 1));
  });

  test('every five seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      telemetry = service({ database: { asService: async () => {} } as never });
      live.is(world.streamId);
      vi.advanceTimersByTime(4999);
      expect(told).toHaveLength(0);
      vi.advanceTimersByTime(1);
      expect(told).toHaveLength(1);
      vi.advanceTimersByTime(10_000);
      expect(told).toHaveLength(3);
      await telemetry.stop();
      vi.advanceTimersByTime(10_000);
      expect(told).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('partitions', () => {
  test('samples around midnight of the last day of a month lie in two, made when they are needed', async () => {
    const { clock } = world;
    const beforeMs = clock.atMs;
    live.is(world.streamId);
    for (const at of ['2031-01-31T23:59:59.999Z', '2031-02-01T00:00:00.000Z']) {
      clock.atMs = Date.parse(at);
      await telemetry.sample();
    }
    clock.atMs = beforeMs;
    const names = await world.test.database.asService((tx) =>
      tx
        .selectFrom('nchat_stream_quality_metrics')
        .select([sql<string>`tableoid`.as('id'), 'recorded_at'])
        .where('stream_id', '=', world.streamId)
        .orderBy('recorded_at')
        .execute(),
    );
    expect(new Set(names.map(({ id }) => id)).size).toBe(2);
    expect(telemetry.pending).toBe(0);
  });

  test('no request can make any, nor reach one past the policies', async () => {
    const { database } = world.test;
    const owner = account(world.ownerId);
    await expect(
      database.asUser(owner, (tx) =>
        tx
          .selectFrom('nchat_stream_quality_metrics_2031_01' as never)
          .selectAll()
          .execute(),
      ),
    ).rejects.toThrow(/permission denied|does not exist/);
    await expect(
      database.asUser(owner, (tx) =>
        sql`SELECT tallylight.ensure_metrics_partition('2099-01-01')`.execute(tx),
      ),
    ).rejects.toThrow(/permission denied/);
  });
});

describe('while the database is away', () => {
  test('samples are told, kept, and written later', async () => {
    let isAway = true;
    const { database } = world.test;
    const flaky = {
      asService: (work: never) => (isAway ? Promise.reject(new Error('refused')) : database.asService(work)),
    };
    telemetry = service({ database: flaky as never });
    live.is(world.streamId);
    for (let at = 0; at < 3; at++) {
      await telemetry.sample();
      world.clock.pass(5000);
    }
    expect(told).toHaveLength(3);
    expect(telemetry.pending).toBe(3);
    isAway = false;
    await telemetry.sample();
    expect(telemetry.pending).toBe(0);
    expect(await rows()).toHaveLength(4);
  });

  test('so many are kept and no more: the oldest go, and the log says so once', async () => {
    const warn = vi.fn();
    telemetry = service({
      database: { asService: () => Promise.reject(new Error('refused')) } as never,
      log: { info: vi.fn(), warn, error: vi.fn() } as never,
      limits: { pendingSamples: 4 },
    });
    live.is(world.streamId);
    for (let at = 0; at < 4; at++) await telemetry.sample();
    expect(telemetry.pending).toBe(4);
    expect(warn).toHaveBeenCalledTimes(1);
    for (let at = 0; at < 3; at++) await telemetry.sample();
    expect(telemetry.pending).toBe(4);
    expect(warn).toHaveBeenCalledTimes(2);
  });
});
