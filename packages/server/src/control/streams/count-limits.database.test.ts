import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Actor } from '../../api/actor.ts';
import { StreamsHarness } from './testing/streams-harness.ts';

const MOST = 3;
let harness: StreamsHarness;
let owner: Actor & { userId: string };
let channelId: string;

beforeAll(async () => {
  harness = await StreamsHarness.create({ maxUnfinishedPerBroadcaster: MOST });
  owner = await harness.person('owner');
  channelId = await harness.channel({ owner });
});
afterAll(() => harness?.close());

test('asked for all at once, there are as many unfinished streams as may be and not one more', async () => {
  const asked = Array.from({ length: MOST + 5 }, () =>
    harness.service.create(owner, { channelId, title: 'x' }),
  );
  const outcomes = await Promise.allSettled(asked);
  const made = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(made).toHaveLength(MOST);
  for (const one of outcomes)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'CONFLICT' });
  for (const { id } of made) await harness.service.remove(owner, id);
});

test('the last one there is room for, sent twice at once under one key, is one stream and no refusal', async () => {
  for (let at = 1; at < MOST; at++) await harness.service.create(owner, { channelId, title: 'x' });
  const id = v7();
  const same = () => harness.service.create(owner, { channelId, title: 'last' }, id);
  expect((await Promise.all([same(), same(), same()])).map((stream) => stream.id)).toEqual([id, id, id]);
});
