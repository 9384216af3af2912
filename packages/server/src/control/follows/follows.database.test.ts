import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { AudienceFixture } from '../channels/testing/audience-fixture.ts';
import { SubscriptionService } from '../subscriptions/service.ts';
import { FollowService } from './service.ts';

type Person = Actor & { userId: string };

let at: AudienceFixture;
let owner: Person;
let fan: Person;
let channelId: string;
let follows: FollowService;
let subscriptions: SubscriptionService;
const range = { limit: 50, offset: 0 };

beforeAll(async () => {
  at = await AudienceFixture.create();
  follows = new FollowService({ database: at.database, events: at.events });
  subscriptions = new SubscriptionService({ database: at.database, events: at.events });
});
afterAll(() => at.drop());
beforeEach(async () => {
  const mark = Math.random().toString(36).slice(2, 10);
  [owner, fan] = [await at.person(`owner-${mark}`), await at.person(`fan-${mark}`)];
  channelId = await at.channel(owner);
});

describe('following', () => {
  test('people and channels is counted once, told, and taken back', async () => {
    const changed: string[] = [];
    at.events.on('access-changed', ({ userId }) => changed.push(userId));
    for (const followed of [{ userId: owner.userId }, { channelId }]) {
      const before = await follows.follow(fan, followed);
      expect(before).toEqual({ success: true, isFollowing: true, followerCount: 1 });
      expect(await follows.follow(fan, followed)).toEqual(before);
      expect(await follows.state(NOBODY, followed)).toEqual({ ...before, isFollowing: false });
    }
    expect((await follows.following(fan, range)).follows).toMatchObject([
      { kind: 'channel', channel: { id: channelId, name: 'A channel' } },
      { kind: 'user', user: { id: owner.userId, displayName: expect.stringMatching(/^The owner/) } },
    ]);
    expect((await follows.following(fan, { limit: 1, offset: 1 })).total).toBe(2);
    expect((await follows.following(owner, range)).total).toBe(0);
    await follows.unfollow(fan, { channelId });
    expect(await follows.unfollow(fan, { channelId })).toEqual({
      success: true,
      isFollowing: false,
      followerCount: 0,
    });
    expect(new Set(changed)).toEqual(new Set([fan.userId]));
    at.events.removeAllListeners('access-changed');
  });

  test('oneself, nobody, or as nobody is refused', async () => {
    const none = '0192f0c1-0000-7000-8000-000000000001';
    await expect(follows.follow(fan, { userId: fan.userId })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
    await expect(follows.follow(fan, { userId: none })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(follows.follow(fan, { channelId: none })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(follows.follow(NOBODY, { channelId })).rejects.toThrow();
  });

  test('a private channel does not exist for strangers', async () => {
    const secret = await at.channel(owner, { isPrivate: true });
    await expect(follows.follow(fan, { channelId: secret })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(follows.state(fan, { channelId: secret })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(subscriptions.list(fan, secret, range)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('as many as allowed pass, one more is refused, the same one again is not', async () => {
    const strict = new FollowService({ database: at.database, events: at.events, limits: { perUser: 2 } });
    const people = [await at.channel(owner), await at.channel(owner), await at.channel(owner)];
    await strict.follow(fan, { channelId: people[0] ?? '' });
    await strict.follow(fan, { channelId: people[1] ?? '' });
    await expect(strict.follow(fan, { channelId: people[2] ?? '' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await strict.follow(fan, { channelId: people[0] ?? '' });
  });

  test('who follows a channel is for those who run it', async () => {
    await follows.follow(fan, { channelId });
    await at.join(channelId, fan, 'moderator');
    await expect(follows.followers(fan, channelId, range)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await follows.followers(owner, channelId, range)).toMatchObject({
      followers: [{ userId: fan.userId }],
      total: 1,
    });
  });
});

describe('subscriptions', () => {
  test('are stated, changed and taken back by who runs the channel; seen by them and the subscriber', async () => {
    const other = await at.person(`other-${channelId.slice(-8)}`);
    const stated = await subscriptions.put(owner, channelId, fan.userId, { tier: 'gold' });
    expect(stated).toMatchObject({ tier: 'gold', isActive: true });
    const expiresAt = new Date(Date.now() - 1000).toISOString();
    expect(await subscriptions.put(owner, channelId, fan.userId, { tier: 'iron', expiresAt })).toMatchObject({
      tier: 'iron',
      expiresAt,
      isActive: false,
      startedAt: stated.startedAt,
    });
    await subscriptions.put(owner, channelId, other.userId, { tier: 'gold' });
    expect((await subscriptions.list(owner, channelId, range)).total).toBe(2);
    expect((await subscriptions.list(fan, channelId, range)).subscriptions.map((s) => s.userId)).toEqual([
      fan.userId,
    ]);
    await subscriptions.remove(owner, channelId, fan.userId);
    await expect(subscriptions.remove(owner, channelId, fan.userId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await subscriptions.list(fan, channelId, range)).total).toBe(0);
  });

  test('are nobody else’s to state, not even for oneself', async () => {
    for (const role of ['viewer', 'moderator', 'broadcaster'] as const) {
      const person = await at.person(`${role}-${channelId.slice(-8)}`);
      await at.join(channelId, person, role);
      const put = subscriptions.put(person, channelId, person.userId, { tier: 'gold' });
      await expect(put).rejects.toMatchObject({ code: 'FORBIDDEN' });
      const remove = subscriptions.remove(person, channelId, fan.userId);
      await expect(remove).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    const none = '0192f0c1-0000-7000-8000-000000000001';
    const put = subscriptions.put(owner, channelId, none, { tier: 'gold' });
    await expect(put).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
