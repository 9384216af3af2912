import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { foreseen } from '../../api/error-answer.ts';
import { StreamsHarness } from './testing/streams-harness.ts';

type Person = Actor & { userId: string };

let harness: StreamsHarness;
let owner: Person;
let viewer: Person;
let channelId: string;

beforeAll(async () => {
  harness = await StreamsHarness.create({ maxUnfinishedPerBroadcaster: 40 });
  owner = await harness.person('owner');
  viewer = await harness.person('viewer');
  channelId = await harness.channel({ owner, viewer });
});
afterAll(() => harness?.close());

const everything = { limit: 100, offset: 0 };

describe('a stream that turned private', () => {
  test('is shown to nobody who asks after the change, while many ask without a pause', async () => {
    for (const how of ['by its owner', 'by the database alone', 'its channel'] as const) {
      const ownChannel = await harness.channel({ owner });
      const { id } = await harness.stream(owner, ownChannel, { visibility: 'public' });
      let isPrivate = false;
      const ending = new AbortController();
      let shownBefore = 0;
      let askedAfter = 0;
      const shownAfter: number[] = [];
      const isShown = async (index: number): Promise<boolean> => {
        if (index % 2 === 1)
          return (await harness.service.list(NOBODY, 'all', everything)).streams.some(
            (each) => each.id === id,
          );
        return harness.service.get(NOBODY, id).then(
          () => true,
          () => false,
        );
      };
      const crowd = Array.from({ length: 20 }, async (_, index) => {
        while (!ending.signal.aborted) {
          const wasPrivate = isPrivate;
          const shown = await isShown(index);
          if (wasPrivate) askedAfter++;
          else if (shown) shownBefore++;
          if (wasPrivate && shown) shownAfter.push(index);
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      try {
        await expect.poll(() => shownBefore, { timeout: 10_000 }).toBeGreaterThan(50);
        if (how === 'by its owner') await harness.service.update(owner, id, { visibility: 'private' });
        else
          await harness.database.asService((tx) =>
            how === 'its channel'
              ? tx
                  .updateTable('nchat_channels')
                  .set({ is_private: true })
                  .where('id', '=', ownChannel)
                  .execute()
              : tx.updateTable('nchat_streams').set({ visibility: 'private' }).where('id', '=', id).execute(),
          );
        isPrivate = true;
        await expect.poll(() => askedAfter, { timeout: 10_000 }).toBeGreaterThan(100);
      } finally {
        ending.abort();
      }
      await Promise.all(crowd);
      expect(shownAfter, how).toEqual([]);
    }
  });
});

test('fifty who have not signed in and ask at once are answered by a few statements, with the same', async () => {
  const { id } = await harness.stream(owner, channelId, { visibility: 'public' });
  const reads = vi.spyOn(harness.database, 'readAs');
  const answers = await Promise.all(Array.from({ length: 50 }, () => harness.service.get(NOBODY, id)));
  expect(new Set(answers).size).toBe(1);
  expect(reads).toHaveBeenCalledTimes(1);
  await Promise.all(Array.from({ length: 5 }, () => harness.service.get(viewer, id)));
  // Who signed in sees what others may not: each is asked for.
  expect(reads).toHaveBeenCalledTimes(6);
  reads.mockRestore();
});

/** How long a caller waits for a connection: two thirds of the time that a statement has by default. Milliseconds. */
const WAIT_MS = 1000;

test('while every connection is in use a read waits no longer than it may, is 503 then with Retry-After ≤ 2 s, and works right after', async () => {
  const { database, service } = harness;
  const { id } = await harness.stream(owner, channelId, { visibility: 'public' });
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { max } = database.pool.options;
  const holding = Array.from({ length: max }, () => database.asService(() => released));
  await expect.poll(() => database.pool.idleCount === 0 && database.pool.totalCount === max).toBe(true);
  const since = performance.now();
  const reads = [
    ...[NOBODY, NOBODY, viewer].map((actor) => () => service.get(actor, id)),
    ...[NOBODY, viewer].map((actor) => () => service.list(actor, 'live', everything)),
    // Comes while another one of the same waits: it does not wait for that one's end first.
    () => new Promise((resolve) => setTimeout(resolve, 100)).then(() => service.get(NOBODY, id)),
  ];
  const answers = await Promise.all(
    reads.map((read) =>
      read().then(
        () => ({ answer: undefined, ms: performance.now() - since }),
        (error: unknown) => ({ answer: foreseen(error), ms: performance.now() - since }),
      ),
    ),
  );
  for (const { answer, ms } of answers) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(Number(answer?.headers['Retry-After'])).toBeLessThanOrEqual(2);
    expect(ms).toBeGreaterThan(WAIT_MS * 0.9);
    expect(ms).toBeLessThan(WAIT_MS + 700);
  }
  // A pool that is full is no database that is away.
  expect(database.available).toBe(true);
  release();
  await Promise.all(holding);
  expect((await service.get(NOBODY, id)).id).toBe(id);
});
