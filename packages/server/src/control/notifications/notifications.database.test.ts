import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Actor } from '../../api/actor.ts';
import { silentLogger } from '../../platform/logger.ts';
import { AudienceFixture } from '../channels/testing/audience-fixture.ts';
import { FollowService } from '../follows/service.ts';
import type { NotificationMail } from './notification-mail.ts';
import type { NotificationLimits } from './notifications-limits.ts';
import { NotificationService } from './service.ts';

type Person = Actor & { userId: string };

let at: AudienceFixture;
let owner: Person;
let fan: Person;
let channelId: string;
let follows: FollowService;
let service: NotificationService;
let mails: NotificationMail[];
const told: { userId: string; streamId: string; kind: string }[] = [];
const page = { unread: false, limit: 50, offset: 0 };

beforeAll(async () => {
  at = await AudienceFixture.create();
  follows = new FollowService({ database: at.database, events: at.events });
  at.events.on('notification', (notification) => told.push(notification));
});
afterAll(() => at.drop());
beforeEach(async () => {
  const mark = Math.random().toString(36).slice(2, 10);
  [owner, fan] = [await at.person(`owner-${mark}`), await at.person(`fan-${mark}`)];
  channelId = await at.channel(owner);
  await at.asService((tx) => tx.deleteFrom('nchat_stream_reminders').execute());
  told.length = 0;
  service = make();
  service.start();
});
afterEach(() => service.close());

function make(limits: Partial<NotificationLimits> = {}): NotificationService {
  mails = [];
  return new NotificationService({
    database: at.database,
    events: at.events,
    clock: at.clock,
    log: silentLogger,
    mailer: { send: async (mail) => void mails.push(mail) },
    watchUrl: (id) => `https://live.example/watch/${id}`,
    limits,
  });
}

/** What the bus says of a stream, as far as telling needs it. */
function saying(id: string, more: Partial<Stream> = {}): { stream: Stream } {
  return { stream: { id, channelId, broadcasterId: owner.userId, title: 'A stream', ...more } as Stream };
}

async function goLive(id: string): Promise<void> {
  at.events.emit('stream-live', saying(id));
  await service.idle();
}

const inMinutes = (minutes: number): string => new Date(at.clock.now() + minutes * 60_000).toISOString();

describe('going live', () => {
  test('is told to followers of the channel and of the broadcaster, once each, and never to the broadcaster', async () => {
    const other = await at.person(`other-${channelId.slice(-8)}`);
    const stranger = await at.person(`stranger-${channelId.slice(-8)}`);
    await follows.follow(fan, { channelId });
    await follows.follow(fan, { userId: owner.userId });
    await follows.follow(other, { userId: owner.userId });
    await follows.follow(owner, { channelId });
    const streamId = await at.stream(channelId, owner);
    await goLive(streamId);
    await goLive(streamId);
    expect(new Set(told.map(({ userId }) => userId))).toEqual(new Set([fan.userId, other.userId]));
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ streamId, kind: 'live' });
    const list = await service.list(fan, page);
    expect(list).toMatchObject({
      notifications: [
        { kind: 'live', streamId, streamTitle: 'A stream', channelId, channelName: 'A channel' },
      ],
      total: 1,
      unread: 1,
    });
    expect((await service.list(stranger, page)).total).toBe(0);
    expect(mails).toEqual([]);
  });

  test('reaches everybody when there are more followers than a transaction holds', async () => {
    await service.close();
    service = make({ batch: 3 });
    service.start();
    const people = await Promise.all(
      Array.from({ length: 10 }, (_, i) => at.person(`many-${i}-${channelId.slice(-8)}`)),
    );
    for (const person of people) await follows.follow(person, { channelId });
    await service.changeSettings(people[4] ?? fan, channelId, { onLive: false });
    await goLive(await at.stream(channelId, owner));
    expect(told).toHaveLength(9);
  });

  test('is not told to who turned it off, is banned, or may not see the stream; mailed to who asked for it', async () => {
    const quiet = await at.person(`quiet-${channelId.slice(-8)}`);
    const banned = await at.person(`banned-${channelId.slice(-8)}`);
    const member = await at.person(`member-${channelId.slice(-8)}`);
    for (const person of [fan, quiet, banned, member]) await follows.follow(person, { channelId });
    await at.join(channelId, member, 'viewer');
    await service.changeSettings(quiet, channelId, { onLive: false });
    await service.changeSettings(member, channelId, { byMail: true });
    await at.ban(channelId, null, banned);
    for (const visibility of ['private', 'unlisted'])
      await goLive(await at.stream(channelId, owner, { visibility }));
    expect(new Set(told.map(({ userId }) => userId))).toEqual(new Set([member.userId]));
    told.length = 0;
    mails.length = 0;
    const streamId = await at.stream(channelId, owner);
    await goLive(streamId);
    expect(told.map(({ userId }) => userId).sort()).toEqual([fan.userId, member.userId].sort());
    expect(mails).toEqual([
      {
        userId: member.userId,
        subject: 'A channel is live: A stream',
        text: expect.stringContaining(`https://live.example/watch/${streamId}`),
      },
    ]);
  });
});

describe('reminders', () => {
  const scheduled = (minutes: number, columns: object = {}) =>
    at.stream(channelId, owner, { status: 'scheduled', scheduled_at: inMinutes(minutes), ...columns });

  test('are sent once when they are due, even if two ask at once', async () => {
    const streamId = await scheduled(30);
    expect(await service.remind(fan, streamId, 10)).toEqual({ streamId, minutesBefore: 10 });
    await service.changeSettings(fan, channelId, { byMail: true });
    at.clock.advance(20 * 60_000 - 1);
    expect(await service.dueReminders()).toBe(0);
    at.clock.advance(1);
    const sent = await Promise.all([service.dueReminders(), service.dueReminders(), service.dueReminders()]);
    expect(sent.reduce((a, b) => a + b)).toBe(1);
    expect(told).toEqual([{ userId: fan.userId, streamId, kind: 'reminder' }]);
    expect(mails).toHaveLength(1);
    expect(await service.dueReminders()).toBe(0);
  });

  test('are sent again when the stream was put off', async () => {
    const streamId = await scheduled(5);
    await service.remind(fan, streamId, 10);
    await service.dueReminders();
    const scheduledAt = inMinutes(60);
    await at.asService((tx) =>
      tx.updateTable('nchat_streams').set({ scheduled_at: scheduledAt }).where('id', '=', streamId).execute(),
    );
    await service.read(fan);
    at.events.emit('stream-updated', { streamId, changes: { scheduledAt } });
    await service.idle();
    expect(await service.dueReminders()).toBe(0);
    at.clock.advance(50 * 60_000);
    expect(await service.dueReminders()).toBe(1);
    expect((await service.list(fan, page)).unread).toBe(1);
  });

  test('are not sent too late, of cancelled streams, or of what one may not see any more', async () => {
    const late = await scheduled(30);
    const cancelled = await scheduled(30);
    const hidden = await scheduled(30);
    const unlisted = await scheduled(30, { visibility: 'unlisted' });
    for (const id of [late, cancelled, hidden, unlisted]) await service.remind(fan, id, 10);
    const set = (id: string, columns: object) =>
      at.asService((tx) => tx.updateTable('nchat_streams').set(columns).where('id', '=', id).execute());
    await set(cancelled, { status: 'cancelled' });
    await set(hidden, { visibility: 'private' });
    await set(late, { scheduled_at: inMinutes(10) });
    at.clock.advance(20 * 60_000 + 1);
    expect(await service.dueReminders()).toBe(1);
    expect(told.map(({ streamId }) => streamId)).toEqual([unlisted]);
  });

  test('can be taken back', async () => {
    const streamId = await scheduled(5);
    await service.remind(fan, streamId, 10);
    await service.forgetReminder(fan, streamId);
    await service.forgetReminder(fan, streamId);
    expect(await service.dueReminders()).toBe(0);
  });

  test('are of scheduled streams that one sees; as many as allowed, one more is refused', async () => {
    const [one, two, three] = [await scheduled(5), await scheduled(5), await scheduled(5)];
    const strict = make({ reminders: 2 });
    await strict.remind(fan, one, 10);
    await strict.remind(fan, two, 10);
    await expect(strict.remind(fan, three, 10)).rejects.toMatchObject({ code: 'CONFLICT' });
    await strict.remind(fan, two, 20);
    const live = await at.stream(channelId, owner);
    await expect(service.remind(fan, live, 10)).rejects.toMatchObject({ code: 'STREAM_NOT_SCHEDULED' });
    const secret = await scheduled(5, { visibility: 'private' });
    await expect(service.remind(fan, secret, 10)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });

  test('of every stream of a channel come by themselves to followers who want that', async () => {
    await follows.follow(fan, { channelId });
    await service.changeSettings(fan, channelId, { reminderMinutes: 15, onScheduled: false });
    const other = await at.person(`o-${channelId.slice(-8)}`);
    await follows.follow(other, { channelId });
    const streamId = await scheduled(15);
    at.events.emit('stream-created', saying(streamId, { status: 'scheduled', scheduledAt: inMinutes(15) }));
    await service.idle();
    expect(told).toEqual([{ userId: other.userId, streamId, kind: 'scheduled' }]);
    expect(await service.dueReminders()).toBe(1);
    expect(told.at(-1)).toEqual({ userId: fan.userId, streamId, kind: 'reminder' });
  });
});

describe('settings', () => {
  test('have defaults, are changed one by one, and are one’s own', async () => {
    const defaults = { channelId, onLive: true, onScheduled: true, byMail: false };
    expect(await service.settings(fan, channelId)).toEqual(defaults);
    await service.changeSettings(fan, channelId, { byMail: true, reminderMinutes: 5 });
    const changed = { ...defaults, byMail: true, reminderMinutes: 5, onLive: false };
    expect(await service.changeSettings(fan, channelId, { onLive: false })).toEqual(changed);
    expect(await service.settings(fan, channelId)).toEqual(changed);
    expect(await service.settings(owner, channelId)).toEqual(defaults);
    const cleared = await service.changeSettings(fan, channelId, { reminderMinutes: null });
    expect(cleared).not.toHaveProperty('reminderMinutes');
    const secret = await at.channel(owner, { isPrivate: true });
    await expect(service.settings(fan, secret)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('what one was told', () => {
  test('is marked as read, one or all, by oneself only; hidden with its stream; forgotten in the end', async () => {
    await follows.follow(fan, { channelId });
    const ids = [
      await at.stream(channelId, owner),
      await at.stream(channelId, owner),
      await at.stream(channelId, owner),
    ];
    for (const id of ids) {
      await goLive(id);
      at.clock.advance(1000);
    }
    const { notifications } = await service.list(fan, page);
    expect(notifications.map(({ streamId }) => streamId)).toEqual([...ids].reverse());
    const first = notifications[0]?.id ?? '';
    await service.read(owner, [first]);
    await service.read(owner);
    expect((await service.list(fan, page)).unread).toBe(3);
    await service.read(fan, [first]);
    expect(await service.list(fan, { ...page, unread: true, limit: 1 })).toMatchObject({
      total: 2,
      unread: 2,
    });
    await service.read(fan, []);
    await service.read(fan);
    expect((await service.list(fan, page)).unread).toBe(0);
    await at.asService((tx) =>
      tx
        .updateTable('nchat_streams')
        .set({ visibility: 'private' })
        .where('id', '=', ids[0] ?? '')
        .execute(),
    );
    expect((await service.list(fan, page)).total).toBe(2);
    expect(await service.forgetOld()).toBe(0);
    at.clock.advance(91 * 86_400_000);
    expect(await service.forgetOld()).toBeGreaterThanOrEqual(3);
  });
});
