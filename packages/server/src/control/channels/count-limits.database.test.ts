import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../api/actor.ts';
import { silentLogger } from '../../platform/logger.ts';
import { FollowService } from '../follows/service.ts';
import { NotificationService } from '../notifications/service.ts';
import { QuestionService } from '../questions/service.ts';
import { ChannelService } from './service.ts';
import { AudienceFixture } from './testing/audience-fixture.ts';

type Person = Actor & { userId: string };

const MOST = 3;
let at: AudienceFixture;
let owner: Person;
let channelId: string;

beforeAll(async () => {
  at = await AudienceFixture.create();
  owner = await at.person('the-owner');
  channelId = await at.channel(owner);
});
afterAll(() => at.drop());

/** Asks for five more than there may be, all at once; answers with how many were let in. Every other one must be a CONFLICT. */
async function rush(ask: (index: number) => Promise<unknown>, most = MOST): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: most + 5 }, (_, index) => ask(index)));
  const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  for (const reason of refused) expect(reason).toMatchObject({ code: 'CONFLICT' });
  return outcomes.length - refused.length;
}

async function rows(
  table: 'nchat_channels' | 'nchat_channel_members' | 'nchat_stream_reminders',
  of: object,
) {
  const { n } = await at.asService((tx) => {
    let query = tx.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('n'));
    for (const [column, value] of Object.entries(of))
      query = query.where(column as never, '=', value as never);
    return query.executeTakeFirstOrThrow();
  });
  return n;
}

describe('asked for all at once, there are as many as may be and not one more', () => {
  test('channels that one person founds', async () => {
    const founder = await at.person('founder');
    const channels = new ChannelService({
      database: at.database,
      events: at.events,
      limits: { perUser: MOST },
    });
    expect(await rush((index) => channels.create(founder, { name: `Channel ${index}` }))).toBe(MOST);
    expect(await rows('nchat_channels', { created_by: founder.userId })).toBe(MOST);
    await expect(channels.create(founder, { name: 'One more' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('the channel of one’s own: one', async () => {
    const founder = await at.person('newcomer');
    const channels = new ChannelService({ database: at.database, events: at.events });
    const made = await Promise.all(Array.from({ length: 6 }, () => channels.ensureOwnChannel(founder)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await rows('nchat_channels', { created_by: founder.userId })).toBe(1);
  });

  test('members of one channel, its owner among them', async () => {
    const people = await Promise.all(Array.from({ length: MOST + 5 }, (_, i) => at.person(`member-${i}`)));
    const channels = new ChannelService({
      database: at.database,
      events: at.events,
      limits: { members: MOST },
    });
    const full = await at.channel(owner);
    const put = (index: number) =>
      channels.members.put(owner, full, { userId: people[index]?.userId ?? '' }, 'viewer');
    expect(await rush(put)).toBe(MOST - 1);
    expect(await rows('nchat_channel_members', { channel_id: full })).toBe(MOST);
  });

  test('channels, and people, that one person follows', async () => {
    const fan = await at.person('fan');
    const follows = new FollowService({
      database: at.database,
      events: at.events,
      limits: { perUser: MOST },
    });
    const channels = await Promise.all(Array.from({ length: MOST + 5 }, () => at.channel(owner)));
    const people = await Promise.all(Array.from({ length: MOST + 5 }, (_, i) => at.person(`star-${i}`)));
    expect(await rush((index) => follows.follow(fan, { channelId: channels[index] ?? '' }))).toBe(MOST);
    expect(await rush((index) => follows.follow(fan, { userId: people[index]?.userId ?? '' }))).toBe(MOST);
    expect((await follows.following(fan, { limit: 50, offset: 0 })).total).toBe(2 * MOST);
  });

  test('reminders that one person waits for', async () => {
    const fan = await at.person('waiting');
    const notifications = new NotificationService({
      ...{ database: at.database, events: at.events, clock: at.clock, log: silentLogger },
      limits: { reminders: MOST },
    });
    const scheduled = { status: 'scheduled', scheduled_at: new Date(at.clock.now() + 3_600_000) };
    const streams = await Promise.all(
      Array.from({ length: MOST + 5 }, () => at.stream(channelId, owner, scheduled)),
    );
    expect(await rush((index) => notifications.remind(fan, streams[index] ?? '', 10))).toBe(MOST);
    expect(await rows('nchat_stream_reminders', { user_id: fan.userId })).toBe(MOST);
  });

  test('questions of one person that are open; the same one sent twice at once is one', async () => {
    const asker = await at.person('asker');
    const questions = new QuestionService({
      ...{ database: at.database, events: at.events, clock: at.clock, log: silentLogger },
      limits: { openPerUser: MOST, perMinute: 100 },
    });
    const streamId = await at.stream(channelId, owner);
    const ask = (index: number) => questions.ask(asker, { streamId, content: `What is ${index}?` });
    expect(await rush(ask)).toBe(MOST);
    const other = await at.stream(channelId, owner);
    const again = { streamId: other, content: 'Why?', clientId: 'the-same' };
    await questions.ask(asker, { streamId: other, content: 'One' });
    await questions.ask(asker, { streamId: other, content: 'Two' });
    const [one, two] = await Promise.all([questions.ask(asker, again), questions.ask(asker, again)]);
    expect(one.id).toBe(two.id);
  });
});
