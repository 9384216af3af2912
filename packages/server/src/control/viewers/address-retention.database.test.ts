import { afterAll, beforeAll, expect, test } from 'vitest';
import { NOBODY } from '../../api/actor.ts';
import { forgetViewerAddresses } from './address-retention.ts';
import { ViewerWorld } from './testing/viewer-world.ts';

const HOUR = 3_600_000;

let world: ViewerWorld;
beforeAll(async () => {
  world = await ViewerWorld.create();
});
afterAll(() => world.close());

/** A stream with a viewer of now. */
async function watched(row: { status: string; endedAtMs?: number; left?: boolean }): Promise<string> {
  const streamId = await world.stream();
  const service = world.service();
  await service.join(world.viewer('session-1', { streamId, userAgent: 'browser', address: '8.8.8.8' }));
  world.clock.pass(5000);
  await service.tick();
  if (row.left !== false) await service.leave(streamId, 'session-1', NOBODY);
  world.clock.pass(5000);
  await service.tick();
  const ended = row.endedAtMs === undefined ? {} : { ended_at: new Date(row.endedAtMs) };
  await world.test.database.asService((tx) =>
    tx
      .updateTable('nchat_streams')
      .set({ status: row.status, ...ended })
      .where('id', '=', streamId)
      .execute(),
  );
  return streamId;
}

test("addresses are forgotten 24 h after the stream's end; of streams that go on, and of viewers who are there, never", async () => {
  const now = world.clock.now();
  const ended = await watched({ status: 'ended', endedAtMs: now });
  const longer = await watched({ status: 'ended', endedAtMs: now + HOUR });
  const live = await watched({ status: 'live' });
  const present = await watched({ status: 'preparing', left: false });
  const never = await watched({ status: 'cancelled' });
  const clock = { now: () => now + 24 * HOUR + 60_000, monotonicMs: () => 0 };
  const options = { database: world.test.database, clock, retentionHours: 24 };
  expect(await forgetViewerAddresses({ ...options, clock: { ...clock, now: () => now + 24 * HOUR } })).toBe(
    0,
  );
  expect(await forgetViewerAddresses(options)).toBe(2);
  expect(await forgetViewerAddresses(options)).toBe(0);
  const kept = async (id: string) => (await world.rows(id)).map((row) => [row.ip_address, row.user_agent]);
  for (const id of [ended, never]) expect(await kept(id)).toEqual([[null, null]]);
  for (const id of [longer, live, present]) expect(await kept(id)).toEqual([['8.8.8.8', 'browser']]);
});
