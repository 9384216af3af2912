import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../../api/actor.ts';
import { StreamsHarness } from '../testing/streams-harness.ts';

type Person = Actor & { userId: string };

let harness: StreamsHarness;
let owner: Person;
let viewer: Person;
let channelId: string;
const scheduledAt = '2099-05-04T18:30:00.000Z';

beforeAll(async () => {
  harness = await StreamsHarness.create();
  owner = await harness.person('owner');
  viewer = await harness.person('viewer');
  channelId = await harness.channel({ owner, viewer });
});
afterAll(() => harness?.close());

const feed = async (token?: string): Promise<string> =>
  String((await harness.schedule.channelCalendar(channelId, token)).body);
const titlesOf = (calendar: string): string[] =>
  [...calendar.matchAll(/^SUMMARY:(.*)\r$/gm)].map(([, title]) => title ?? '');
const tokenOf = async (actor: Actor): Promise<string> =>
  new URL((await harness.schedule.channelCalendarUrl(actor, channelId)).url).searchParams.get('token') ?? '';

describe('a stream’s event', () => {
  test('says when, what and where, in the form of RFC 5545', async () => {
    const { id } = await harness.stream(owner, channelId, {
      title: 'A, B; and C\\D',
      description: 'one\nBEGIN:VEVENT',
      scheduledAt,
      visibility: 'unlisted',
    });
    const { body, headers } = await harness.schedule.eventCalendar(NOBODY, id);
    const text = String(body);
    const lines = text.split('\r\n');
    expect(lines[0]).toBe('BEGIN:VCALENDAR');
    expect(lines).toContain(`UID:${id}@tallylight`);
    expect(lines).toContain('DTSTART:20990504T183000Z');
    expect(lines).toContain('DTEND:20990504T193000Z');
    expect(lines).toContain('SUMMARY:A\\, B\\; and C\\\\D');
    expect(text.replaceAll('\r\n ', '')).toContain(`https://live.test/watch/${id}`);
    expect(lines.filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1);
    expect(headers['Content-Disposition']).toContain('.ics');
  });

  test('without a time there is none; of a private stream only for members', async () => {
    const { id } = await harness.stream(owner, channelId);
    await expect(harness.schedule.eventCalendar(owner, id)).rejects.toMatchObject({
      code: 'STREAM_NOT_SCHEDULED',
    });
    const hidden = await harness.stream(owner, channelId, { scheduledAt, visibility: 'private', title: 'x' });
    await expect(harness.schedule.eventCalendar(NOBODY, hidden.id)).rejects.toMatchObject({
      code: 'STREAM_NOT_FOUND',
    });
    expect(String((await harness.schedule.eventCalendar(viewer, hidden.id)).body)).toContain(hidden.id);
    await harness.service.remove(owner, hidden.id);
  });
});

describe('a channel’s feed', () => {
  test('has public streams to come, private ones with a member’s token, unlisted and cancelled ones never', async () => {
    const other = await harness.channel({ owner });
    await harness.stream(owner, other, { title: 'elsewhere', scheduledAt });
    await harness.stream(owner, channelId, { title: 'second', scheduledAt: '2099-06-01T10:00:00.000Z' });
    await harness.stream(owner, channelId, { title: 'first', scheduledAt: '2099-05-01T10:00:00.000Z' });
    await harness.stream(owner, channelId, { title: 'hidden', scheduledAt, visibility: 'private' });
    await harness.stream(owner, channelId, { title: 'without a time' });
    const off = await harness.stream(owner, channelId, { title: 'off', scheduledAt });
    await harness.service.cancel(owner, off.id);
    expect(titlesOf(await feed())).toEqual(['first', 'second']);
    expect(titlesOf(await feed(await tokenOf(viewer)))).toEqual(['first', 'hidden', 'second']);
  });

  test('a token is one person’s for one channel, and ends with membership and account', async () => {
    const leaver = await harness.person('leaver');
    const token = await tokenOf(leaver);
    expect(titlesOf(await feed(token))).toEqual(['first', 'second']);
    const forged = token.replace(leaver.userId, viewer.userId);
    const another = new URL(
      (await harness.schedule.channelCalendarUrl(viewer, await harness.channel({ owner }))).url,
    ).searchParams.get('token');
    for (const wrong of [forged, another ?? '', 'x', '', `${token}x`]) {
      await expect(feed(wrong)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    await harness.database.asService((tx) =>
      tx
        .updateTable('nchat_live_accounts')
        .set({ disabled_at: new Date() })
        .where('user_id', '=', leaver.userId)
        .execute(),
    );
    await expect(feed(token)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('has another address when its owner renews it: the one of before is gone at once, everybody else’s stays', async () => {
    const renew = async (): Promise<string> => {
      const { url } = await harness.schedule.renewChannelCalendarUrl(viewer, channelId);
      return new URL(url).searchParams.get('token') ?? '';
    };
    const [first, owners] = [await tokenOf(viewer), await tokenOf(owner)];
    const other = await harness.channel({ owner, viewer });
    const elsewhere = (await harness.schedule.channelCalendarUrl(viewer, other)).url;
    const second = await renew();
    await expect(feed(first)).rejects.toMatchObject({ code: 'NOT_FOUND', statusCode: 404 });
    expect(titlesOf(await feed(second))).toEqual(['first', 'hidden', 'second']);
    expect(await tokenOf(viewer)).toBe(second);
    expect(await tokenOf(owner)).toBe(owners);
    await feed(owners);
    expect((await harness.schedule.channelCalendarUrl(viewer, other)).url).toBe(elsewhere);
    // At the same time, too, each is another one, and the last one holds.
    const made = await Promise.all([renew(), renew(), renew()]);
    expect(new Set([first, second, ...made]).size).toBe(5);
    await expect(feed(second)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(made).toContain(await tokenOf(viewer));
  });

  test('is renewed by who may see the channel, and nobody else', async () => {
    const hidden = await harness.channel({ owner }, { isPrivate: true });
    const renew = (actor: Actor) => harness.schedule.renewChannelCalendarUrl(actor, hidden);
    await expect(renew(viewer)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(renew(NOBODY)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('has so many events as it may, the next ones first', async () => {
    const busy = await harness.channel({ owner });
    for (const day of ['03', '01', '02'])
      await harness.stream(owner, busy, { title: day, scheduledAt: `2099-07-${day}T10:00:00.000Z` });
    const feedOf = async (events: number) => {
      const schedule = harness.scheduleWith({ events });
      return titlesOf(String((await schedule.channelCalendar(busy, undefined)).body));
    };
    expect(await feedOf(3)).toEqual(['01', '02', '03']);
    expect(await feedOf(2)).toEqual(['01', '02']);
  });

  test('of a private channel is there for members only', async () => {
    const hidden = await harness.channel({ owner, viewer }, { isPrivate: true });
    await harness.stream(owner, hidden, { title: 'inside', scheduledAt });
    await expect(harness.schedule.channelCalendar(hidden, undefined)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(
      harness.schedule.channelCalendarUrl(await harness.person('x'), hidden),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { url } = await harness.schedule.channelCalendarUrl(viewer, hidden);
    const token = new URL(url).searchParams.get('token') ?? '';
    expect(titlesOf(String((await harness.schedule.channelCalendar(hidden, token)).body))).toEqual([
      'inside',
    ]);
  });
});
