import type { ChannelRole } from '@tallylight/protocol/entities/channel.ts';
import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Actor, NOBODY } from '../../api/actor.ts';
import { ChannelService } from './service.ts';
import { AudienceFixture } from './testing/audience-fixture.ts';

type Person = Actor & { userId: string };

let at: AudienceFixture;
let service: ChannelService;
let owner: Person;
let stranger: Person;
const changed: string[] = [];
let people = 0;

beforeAll(async () => {
  at = await AudienceFixture.create();
  at.events.on('access-changed', ({ userId }) => changed.push(userId));
});
afterAll(() => at.drop());
beforeEach(async () => {
  const mark = Math.random().toString(36).slice(2, 10);
  [owner, stranger] = [await at.person(`owner-${mark}`), await at.person(`str-${mark}`)];
  service = new ChannelService({ database: at.database, events: at.events });
  changed.length = 0;
});

const everything = { mine: false, limit: 100, offset: 0 };

describe('a channel', () => {
  test('is founded with its founder as owner, and found by id and slug', async () => {
    const channel = await service.create(owner, { name: 'Café — Live!', description: 'x' });
    expect(channel).toMatchObject({
      slug: expect.stringMatching(/^cafe-live/),
      name: 'Café — Live!',
      role: 'owner',
      isPrivate: false,
      memberCount: 1,
      followerCount: 0,
      isFollowing: false,
      isSubscribed: false,
    });
    expect(await service.get(owner, channel.slug ?? '')).toEqual(channel);
    const { role: _, ...seen } = channel;
    expect(await service.get(NOBODY, channel.id)).toEqual(seen);
    expect(changed).toEqual([owner.userId]);
  });

  test('of an id that is made already is that one, once, and nobody else’s', async () => {
    const [input, createdId] = [{ name: 'Once' }, v7()];
    const made = await Promise.all([1, 2, 3].map(() => service.create(owner, input, createdId)));
    expect(new Set(made.map(({ id }) => id))).toEqual(new Set([createdId]));
    const wanted = { name: 'Once', slug: `once-${createdId}`.slice(0, 40) };
    const id = v7();
    const [one, two] = await Promise.all([1, 2].map(() => service.create(owner, wanted, id)));
    expect([one?.id, one?.slug]).toEqual([two?.id, two?.slug]);
    expect((await service.list(owner, { ...everything, mine: true })).total).toBe(2);
    await expect(service.create(stranger, input, createdId)).rejects.toThrow();
  });

  test('gets a slug of its own when its name is taken, but not one that was asked for', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => service.create(owner, { name: 'Same name' })));
    expect(one?.slug).not.toBe(two?.slug);
    await service.create(owner, { name: 'x', slug: 'wanted-slug' });
    await expect(service.create(stranger, { name: 'y', slug: 'wanted-slug' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(service.update(owner, one?.id ?? '', { slug: 'wanted-slug' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'the slug wanted-slug is taken',
    });
  });

  test('as many as allowed are founded by one user, one more is not; guests and nobody found none', async () => {
    const strict = new ChannelService({ database: at.database, events: at.events, limits: { perUser: 2 } });
    await strict.create(owner, { name: 'one' });
    await strict.create(owner, { name: 'two' });
    await expect(strict.create(owner, { name: 'three' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(service.create({ ...stranger, isGuest: true }, { name: 'x' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(service.create(NOBODY, { name: 'x' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('of one’s own is founded once', async () => {
    const person = { ...owner, displayName: 'Ada' };
    const channel = await service.ensureOwnChannel(person);
    expect(channel).toMatchObject({ name: 'Ada', role: 'owner' });
    expect((await service.ensureOwnChannel(person)).id).toBe(channel.id);
  });

  test('that is private exists for members and administrators only', async () => {
    const { id, slug } = await service.create(owner, { name: 'Secret club', isPrivate: true });
    const admin = await at.person(`admin-${id.slice(-8)}`, 'admin');
    for (const who of [NOBODY, stranger]) {
      await expect(service.get(who, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(service.get(who, slug ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect((await service.list(who, { ...everything, search: 'Secret club' })).channels).toEqual([]);
    }
    await expect(service.members.list(stranger, id, everything)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(
      service.members.put(stranger, id, { userId: stranger.userId }, 'viewer'),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await service.get(admin, id)).id).toBe(id);
    await at.join(id, stranger, 'viewer');
    expect((await service.get(stranger, id)).role).toBe('viewer');
    expect((await service.list(stranger, { ...everything, mine: true })).channels.map((c) => c.id)).toEqual([
      id,
    ]);
    await service.members.put(owner, id, { userId: stranger.userId }, 'owner');
    await service.members.remove(owner, id, owner.userId);
    await expect(service.get(owner, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is listed by name, and searched without wildcards', async () => {
    for (const name of ['zz 100% b', 'ZZ 100% a', 'zz 1000']) await service.create(owner, { name });
    const found = await service.list(NOBODY, { ...everything, search: 'zz 100%', limit: 1 });
    expect([found.total, found.channels.map(({ name }) => name)]).toEqual([2, ['ZZ 100% a']]);
  });

  test('is changed by who runs it only; turning private is told of its streams', async () => {
    const { id } = await service.create(owner, { name: 'Old', description: 'gone' });
    const streamId = await at.stream(id, owner);
    const told: string[] = [];
    at.events.once('stream-updated', (update) => told.push(update.streamId));
    await at.join(id, stranger, 'moderator');
    await expect(service.update(stranger, id, { name: 'Mine' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const changes = { name: 'New', description: null, isPrivate: true };
    expect(await service.update(owner, id, changes)).toMatchObject({ name: 'New', isPrivate: true });
    expect((await service.get(owner, id)).description).toBeUndefined();
    expect(told).toEqual([streamId]);
  });

  test('is closed by its owners, not while it is live', async () => {
    const { id } = await service.create(owner, { name: 'Short' });
    await at.join(id, stranger, 'admin');
    const streamId = await at.stream(id, owner);
    const deleted: string[] = [];
    at.events.once('stream-deleted', (event) => deleted.push(event.streamId));
    await expect(service.remove(owner, id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await at.asService((tx) =>
      tx.updateTable('nchat_streams').set({ status: 'ended' }).where('id', '=', streamId).execute(),
    );
    await expect(service.remove(stranger, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await service.remove(owner, id);
    await expect(service.get(owner, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(deleted).toEqual([streamId]);
  });
});

describe('members', () => {
  const roles: readonly (ChannelRole | 'none')[] = [
    'owner',
    'admin',
    'broadcaster',
    'moderator',
    'viewer',
    'none',
  ];
  const below: readonly string[] = ['broadcaster', 'moderator', 'viewer', 'none'];
  /** Who may turn whom into what: owners everything, admins what is below admin. */
  const may = (giver: string, from: string, to: string) =>
    giver === 'owner' || (giver === 'admin' && below.includes(from) && below.includes(to));

  test.each(roles)('%s gives and takes the roles that they may, and no other', async (giver) => {
    const { id } = await service.create(owner, { name: 'Roles' });
    const actor = await at.person(`g-${id.slice(-8)}`);
    if (giver !== 'none') await at.join(id, actor, giver);
    for (const from of roles)
      for (const to of roles) {
        const person = await at.person(`p${(people += 1)}`);
        if (from !== 'none') await at.join(id, person, from);
        if (from === 'none' && to === 'none') continue;
        const done =
          to === 'none'
            ? service.members.remove(actor, id, person.userId)
            : service.members.put(actor, id, { userId: person.userId }, to);
        const outcome = await done.then(
          () => 'done',
          (error: { code: string }) => error.code,
        );
        expect(`${giver}: ${from} → ${to}: ${outcome}`).toBe(
          `${giver}: ${from} → ${to}: ${may(giver, from, to) ? 'done' : 'FORBIDDEN'}`,
        );
        const { role } = await at.asService((tx) =>
          tx
            .selectFrom('users as u')
            .leftJoin('nchat_channel_members as m', (join) =>
              join.onRef('m.user_id', '=', 'u.id').on('m.channel_id', '=', id),
            )
            .select('m.role')
            .where('u.id', '=', person.userId)
            .executeTakeFirstOrThrow(),
        );
        expect(role ?? 'none').toBe(outcome === 'done' ? to : from);
      }
  });

  test('are taken in by name, in any case', async () => {
    const { id } = await service.create(owner, { name: 'Names' });
    const ada = await at.person('Ada_Lovelace');
    const member = await service.members.put(owner, id, { username: 'ada_LOVELACE' }, 'broadcaster');
    expect(member).toMatchObject({
      userId: ada.userId,
      role: 'broadcaster',
      user: { username: 'Ada_Lovelace' },
    });
    expect(changed.at(-1)).toBe(ada.userId);
    await expect(service.members.put(owner, id, { username: 'nobody' }, 'viewer')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'User not found: nobody',
    });
    expect(await service.members.list(owner, id, everything)).toMatchObject({
      members: [{ role: 'owner' }, { role: 'broadcaster' }],
      total: 2,
    });
    await expect(service.members.list(stranger, id, everything)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('leave by themselves; the last owner neither leaves nor steps down, not even two at once', async () => {
    const { id } = await service.create(owner, { name: 'Leaving' });
    await at.join(id, stranger, 'viewer');
    await service.members.remove(stranger, id, stranger.userId);
    await expect(service.members.remove(owner, id, owner.userId)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(service.members.put(owner, id, { userId: owner.userId }, 'admin')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await service.members.put(owner, id, { userId: stranger.userId }, 'owner');
    const both = await Promise.allSettled(
      [owner, stranger].map((who) => service.members.remove(who, id, who.userId)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('an admin may step down', async () => {
    const { id } = await service.create(owner, { name: 'Steps' });
    await at.join(id, stranger, 'admin');
    await expect(
      service.members.put(stranger, id, { userId: stranger.userId }, 'owner'),
    ).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect((await service.members.put(stranger, id, { userId: stranger.userId }, 'viewer')).role).toBe(
      'viewer',
    );
  });

  test('as many as allowed, one more is refused; a guest is viewer at most', async () => {
    const strict = new ChannelService({ database: at.database, events: at.events, limits: { members: 2 } });
    const { id } = await strict.create(owner, { name: 'Full' });
    await at.asService((tx) =>
      tx.insertInto('nchat_live_accounts').values({ user_id: stranger.userId, is_guest: true }).execute(),
    );
    await expect(strict.members.put(owner, id, stranger, 'moderator')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await strict.members.put(owner, id, { userId: stranger.userId }, 'viewer');
    const third = await at.person(`third-${id.slice(-8)}`);
    await expect(strict.members.put(owner, id, { userId: third.userId }, 'viewer')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });
});
